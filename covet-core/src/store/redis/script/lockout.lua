-- Failed attempts (`lockout::check`).
--
-- step     'A', 0, what happened (B), how many attempts lock (I4), how long one counts, how long the lock lasts (I6 each)
-- value    'A': how many attempts their window keeps (I4), in how many groups (B), the groups
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
  local event, most, length, duration = unpack('>BI4I6I6', step, 3)
  local n, entry = #answers + 1, read(key, 'A')
  local total, place, behind = 0, VALUE + 5, entry and #entry + 1 or 0
  if behind >= place and behind == place + 10 * string.byte(entry, place - 1) then
    total = unpack('>I4', entry, VALUE)
  else
    behind = place
  end
  answers[n] = OPEN
  if event == SUCCESS then
    if total > 0 then call('DEL', key) end
    answers[n + 1] = most
    return false
  end

  -- A clock set back does not forget attempts: time stands still until it has caught up.
  local at = now
  if place < behind then
    local last = unpack('>I6', entry, behind - 10)
    at = math.max(at, last)
    local locks = live(total, entry, place, behind, length, last) >= most
    if locks and last + duration > at then
      answers[n], answers[n + 1] = LOCKED, math.max(last + duration - now, 0)
      return true
    end
  end
  local counted, first = live(total, entry, place, behind, length, at)
  if event == LOOK then
    answers[n + 1] = math.max(most - counted, 1)
    return false
  end
  local groups
  total, groups = keep(most, counted + 1, add(most, entry, first, behind, 1, at))
  write(key, 'A', at + math.max(length, duration), pack('>I4B', total, #groups / 10) .. groups)
  answers[n + 1] = math.max(most - total, 0)
  return false
end
