-- Failed attempts (`lockout::check`).
--
-- step     'A', 0, what happened (B), how many attempts lock (I4), how long one counts, how long the lock lasts (I6 each)
-- value    'A': how many attempts their window keeps (I4), in how many groups (B), the groups
-- answers  OPEN, how many are left; or LOCKED, milliseconds to wait

local function attempts_of(entry)
  if not entry or #entry < VALUE + 4 then return 0, '' end
  local total, count = unpack('>I4B', entry, VALUE)
  if #entry ~= VALUE + 4 + count * 10 then return 0, '' end
  return total, sub(entry, VALUE + 5)
end

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
  local n, total, groups = #answers + 1, attempts_of(read(key, 'A'))
  answers[n] = OPEN
  if event == SUCCESS then
    if total > 0 then call('DEL', key) end
    answers[n + 1] = most
    return false
  end

  -- A clock set back does not forget attempts: time stands still until it has caught up.
  local at = now
  if groups ~= '' then
    local last = unpack('>I6', groups, #groups - 9)
    at = math.max(at, last)
    local _, left = weigh(most, length, total, groups, 0, last)
    if left == 0 and last + duration > at then
      answers[n], answers[n + 1] = LOCKED, math.max(last + duration - now, 0)
      return true
    end
  end
  if event == LOOK then
    local _, left = weigh(most, length, total, groups, 0, at)
    answers[n + 1] = math.max(left, 1)
    return false
  end
  total, groups = add(most, length, total, groups, 1, at)
  total, groups = keep(most, total, groups)
  write(key, 'A', at + math.max(length, duration), pack('>I4B', total, #groups / 10) .. groups)
  answers[n + 1] = math.max(most - total, 0)
  return false
end
