-- A rate limit by sliding windows (`rate_limit::charge`).
--
-- step     'C', 0, cost (I4), and for each rate its count (I4) and seconds (I4)
-- value    'W': the time of the newest event (I6), and for each rate its seconds (I4), how many events its window keeps
--          (I4), in how many groups (B), the groups
-- answers  which rate is the tightest, milliseconds to wait (-1 when admitted), what remains, milliseconds to its reset

-- An entry with the windows that the policy wants, which has changed: for each rate that of the shortest that is not
-- shorter, or else of the longest: what is known. Of what cannot be an entry nothing is.
local function refit(step, entry)
  local seconds, windows, place = {}, {}, VALUE + 6
  while place + 8 <= #entry do
    local one, _, groups = unpack('>I4I4B', entry, place)
    local behind = place + 9 + groups * 10
    seconds[#seconds + 1], windows[#windows + 1] = one, sub(entry, place + 4, behind - 1)
    place = behind
  end
  if place ~= #entry + 1 then seconds, entry = {}, string.rep('\0', VALUE + 5) end
  local fitted = sub(entry, 1, VALUE + 5)
  for at = 11, #step, 8 do
    local wanted, longer, longest = unpack('>I4', step, at), nil, nil
    for i, one in ipairs(seconds) do
      if one >= wanted and (not longer or one < seconds[longer]) then longer = i end
      if not longest or one >= seconds[longest] then longest = i end
    end
    fitted = fitted .. sub(step, at, at + 3) .. (windows[longer or longest] or '\0\0\0\0\0')
  end
  return fitted
end

-- When the kept events will have left room for `count`: milliseconds from now.
local function wait_for(count, total, entry, place, behind, length)
  local wait = length
  while total > count and place < behind do
    local time, events = unpack('>I6I4', entry, place)
    total, place, wait = total - events, place + 10, time + length - now
  end
  return math.max(wait, 0)
end

local function charge(key, step, entry)
  local cost, newest = unpack('>I4', step, 3), unpack('>I6', entry, VALUE)
  -- A clock set back must not empty a window: time stands still until it has caught up.
  local at, place = math.max(now, newest), VALUE + 6
  local tightest, wait, left, reset = 0, -1, 4294967296, 0
  local value, longest = pack('>I6', at), 0
  for i = 1, (#step - 6) / 8 do
    local limit, wanted = unpack('>I4I4', step, 8 * i - 1)
    if #entry < place + 8 then return charge(key, step, refit(step, entry)) end
    local seconds, total, groups = unpack('>I4I4B', entry, place)
    local behind = place + 9 + groups * 10
    if seconds ~= wanted or #entry < behind - 1 then return charge(key, step, refit(step, entry)) end

    local length = seconds * 1000
    local used, first, frees_at = live(total, entry, place + 9, behind, length, at)
    local w, l, r = -1, limit - used - cost, math.max(frees_at - now, 0)
    if l < 0 then
      -- A cost over the limit never fits; so it is told at most once a window.
      w = cost > limit and length or wait_for(limit - cost, total, entry, place + 9, behind, length)
      l = math.max(limit - used, 0)
    elseif wait < 0 and cost > 0 then
      local kept = add(limit, entry, first, behind, cost, at)
      value = value .. pack('>I4I4B', seconds, used + cost, #kept / 10) .. kept
      longest = math.max(longest, length)
    end
    -- The tightest rate is the one that refuses longer, or else has less left, or else for longer.
    if w > wait or (w == wait and (l < left or (l == left and r > reset))) then
      tightest, wait, left, reset = i, w, l, r
    end
    place = behind
  end
  if place <= #entry then return charge(key, step, refit(step, entry)) end

  local n = #answers
  answers[n + 1], answers[n + 2], answers[n + 3], answers[n + 4] = tightest, wait, left, reset
  if wait >= 0 then return true end
  if cost > 0 then write(key, 'W', at + longest, value) end
  return false
end

function steps.C(key, step)
  local entry = read(key, 'W')
  if not entry or #entry < VALUE + 5 then entry = refit(step, '') end
  return charge(key, step, entry)
end
