-- A rate limit by sliding windows (`rate_limit::charge`).
--
-- step     'C', 0, cost (I4), and for each rate its count (I4) and seconds (I4)
-- value    'W': for each rate its seconds (I4), how many events its window keeps (I4), in how many groups (B), the groups
-- answers  which rate is the tightest, milliseconds to wait (-1 when admitted), what remains, milliseconds to its reset

-- The windows that a policy which has changed begins with: for each rate the shortest that is not shorter, or else the
-- longest: what is known.
local function refit(step, seconds, totals, groups)
  local new_totals, new_groups = {}, {}
  for place = 11, #step, 8 do
    local wanted, longer, longest = unpack('>I4', step, place), nil, nil
    for i, one in ipairs(seconds) do
      if one >= wanted and (not longer or one < seconds[longer]) then longer = i end
      if not longest or one >= seconds[longest] then longest = i end
    end
    local i, known = #new_totals + 1, longer or longest
    new_totals[i], new_groups[i] = known and totals[known] or 0, known and groups[known] or ''
  end
  return new_totals, new_groups
end

-- The windows of an entry, rate by rate: how many events they keep, and their groups.
local function windows_of(entry, step)
  local rates, i, place = (#step - 6) / 8, 0, VALUE
  local seconds, totals, groups, fits = {}, {}, {}, true
  while entry and place <= #entry do
    if #entry < place + 8 then return refit(step, {}) end
    i = i + 1
    local one, total, count = unpack('>I4I4B', entry, place)
    local behind = place + 9 + count * 10
    if #entry < behind - 1 then return refit(step, {}) end
    seconds[i], totals[i], groups[i] = one, total, sub(entry, place + 9, behind - 1)
    fits = fits and i <= rates and unpack('>I4', step, 3 + 8 * i) == one
    place = behind
  end
  if fits and i == rates then return totals, groups end
  return refit(step, seconds, totals, groups)
end

function steps.C(key, step)
  local cost, rates = unpack('>I4', step, 3), (#step - 6) / 8
  local totals, groups = windows_of(read(key, 'W'), step)
  -- A clock set back must not empty a window: time stands still until it has caught up.
  local at = now
  for i = 1, rates do
    local kept = groups[i]
    if kept ~= '' then at = math.max(at, (unpack('>I6', kept, #kept - 9))) end
  end

  -- The tightest rate is the one that refuses longer, or else has less left, or else for longer.
  local tightest, wait, left, reset = 0, -1, 4294967296, 0
  for i = 1, rates do
    local limit, length = unpack('>I4I4', step, 8 * i - 1)
    local w, l, r = weigh(limit, length * 1000, totals[i], groups[i], cost, at)
    if w > wait or (w == wait and (l < left or (l == left and r > reset))) then
      tightest, wait, left, reset = i, w, l, r
    end
  end
  local n = #answers
  answers[n + 1], answers[n + 2], answers[n + 3], answers[n + 4] = tightest, wait, left, reset
  if wait >= 0 then return true end

  if cost > 0 then
    local value, longest = '', 0
    for i = 1, rates do
      local limit, length = unpack('>I4I4', step, 8 * i - 1)
      local total, kept = add(limit, length * 1000, totals[i], groups[i], cost, at)
      value = value .. pack('>I4I4B', length, total, #kept / 10) .. kept
      longest = math.max(longest, length * 1000)
    end
    write(key, 'W', at + longest, value)
  end
  return false
end
