-- Failed attempts (`lockout::check`).
--
-- step     'A', 0, what happened (B), how many attempts lock (I4), how long one counts, how long the lock lasts (I6 each)
-- value    how many attempts their window keeps (I4), the groups
-- answers  OPEN, how many are left; or LOCKED, milliseconds to wait

-- Forgets the oldest attempts that no decision needs.
local function keep(most, total, groups)
  local place = 1
  while place < #groups do
    local events = unpack('>I4', groups, place + 6)
    if total - events < most then break end
    total, place = total - events, place + 10
  end
  return total, sub(groups, place)
end

function steps.A(key, step)
  local OPEN, LOCKED, LOOK, SUCCESS = 0, 1, 0, 2
  local live, add, moved_back = window()
  local event, most, length, duration = unpack('>BI4I6I6', step, 3)
  local n, entry = #answers + 1, read(key, 'A')
  if not entry or #entry < VALUE + 3 or math.fmod(#entry - VALUE - 3, 10) ~= 0 then
    entry = string.rep('\0', VALUE + 3)
  end
  local total, place, behind = unpack('>I4', entry, VALUE), VALUE + 4, #entry + 1
  answers[n] = OPEN
  if event == SUCCESS then
    if total > 0 then call('DEL', key) end
    answers[n + 1] = most
    return false
  end

  local newest = 0
  if place < behind then
    local last
    last, newest = unpack('>I6I4', entry, behind - 10)
    if last > now then
      -- The clock was set back: that neither forgets attempts nor makes a lock longer.
      entry = sub(entry, 1, place - 1) .. moved_back(entry, place, behind, last - now)
      last = now
      write(key, 'A', now + math.max(length, duration), sub(entry, VALUE))
    end
    local locks = live(total, entry, place, behind, length, last) >= most
    if locks and last + duration > now then
      answers[n], answers[n + 1] = LOCKED, last + duration - now
      return true
    end
  end
  local counted, first = live(total, entry, place, behind, length, now)
  if event == LOOK then
    answers[n + 1] = math.max(most - counted, 1)
    return false
  end
  local kept, groups = keep(most, counted + 1, add(most, entry, first, behind, newest, 1))
  write(key, 'A', now + math.max(length, duration), pack('>I4', kept) .. groups)
  answers[n + 1] = math.max(most - kept, 0)
  return false
end
