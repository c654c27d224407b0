-- A rate limit (`rate_limit::charge`), whatever counts.
--
-- step     a letter, 0 or SHADOW, cost (I4), and for each rate its seconds (I4), its quota (I4), and what else its
--          algorithm needs
-- value    for each rate its seconds (I4), how long its counter is (I2), the counter: as long as a fresh one, or longer by
--          ten bytes or some
-- answers  which rate is the tightest (B), how many milliseconds to wait and one more, or 0 when there is room (I6), what
--          remains (I4), milliseconds to reset (I6)
--
-- An algorithm is two functions of a rate and its counter, which stands from `place` up to `behind` in an entry:
--   count   milliseconds to wait, what remains, milliseconds to reset, and if it charges, the counter after that and when
--           it is as if nothing had been counted; nothing at all when the counter is ahead of the clock
--   rewind  the counter brought into the present, and when it is as if nothing had been counted

local function answer(tightest, wait, left, reset)
  answers[#answers + 1] = pack('>BI6I4I6', tightest, wait + 1, left, reset)
end

-- Charges all rates of a policy, in which anything may have changed. What it needs is made here, not for every call.
local function charge(key, step, kind, width, fresh, count, rewind, entry, rewound_until)
  -- An entry with the counters that the policy wants, which has changed: for each rate that of the shortest that is not
  -- shorter, or else of the longest: what is known. What cannot be an entry knows nothing.
  local function refit(entry)
    local seconds, counters, place = {}, {}, VALUE
    while place + 5 <= #entry do
      local one, length = unpack('>I4I2', entry, place)
      if length < #fresh or (length - #fresh) % 10 > 0 then break end
      seconds[#seconds + 1], counters[#counters + 1] = one, sub(entry, place + 4, place + 5 + length)
      place = place + 6 + length
    end
    if place ~= #entry + 1 then seconds = {} end
    local fitted = string.rep('\0', VALUE - 1)
    for at = 7, #step, width do
      local wanted, longer, longest = unpack('>I4', step, at), nil, nil
      for i, one in ipairs(seconds) do
        if one >= wanted and (not longer or one < seconds[longer]) then longer = i end
        if not longest or one >= seconds[longest] then longest = i end
      end
      local counter = counters[longer or longest] or pack('>I2', #fresh) .. fresh
      fitted = fitted .. pack('>I4', wanted) .. counter
    end
    return fitted
  end

  -- An entry whose counters are not ahead of the clock, which was set back; and when it ceases to exist.
  local function rewind_all(entry)
    local rewound, expires, place = sub(entry, 1, VALUE - 1), 0, VALUE
    for at = 7, #step, width do
      local seconds, quota = unpack('>I4I4', step, at)
      local _, length = unpack('>I4I2', entry, place)
      local counter, ends = rewind(quota, seconds * 1000, step, at + 8, entry, place + 6, place + 6 + length)
      rewound, expires = rewound .. pack('>I4I2', seconds, #counter) .. counter, math.max(expires, ends)
      place = place + 6 + length
    end
    return rewound, expires
  end

  local cost, place, ahead = unpack('>I4', step, 3), VALUE, false
  local tightest, wait, left, reset = 0, -1, 4294967296, 0
  local value, expires = '', 0
  for at = 7, #step, width do
    local wanted, quota = unpack('>I4I4', step, at)
    local seconds, length, behind = nil, 0, VALUE
    if #entry >= place + 5 then
      seconds, length = unpack('>I4I2', entry, place)
      behind = place + 6 + length
    end
    if seconds ~= wanted or #entry < behind - 1 or length < #fresh or (length - #fresh) % 10 > 0 then
      entry = refit(entry)
      return charge(key, step, kind, width, fresh, count, rewind, entry, rewound_until)
    end
    local w, l, r, counter, ends = count(quota, seconds * 1000, step, at + 8, entry, place + 6, behind, cost)
    if not w then
      ahead = true
    elseif w > wait or (w == wait and (l < left or (l == left and r > reset))) then
      -- The tightest rate is the one that refuses longer, or else has less left, or else for longer.
      tightest, wait, left, reset = (at - 7) / width + 1, w, l, r
    end
    if counter then
      value, expires = value .. pack('>I4I2', seconds, #counter) .. counter, math.max(expires, ends)
    end
    place = behind
  end
  if place <= #entry then
    entry = refit(entry)
    return charge(key, step, kind, width, fresh, count, rewind, entry, rewound_until)
  end
  if ahead then
    entry, rewound_until = rewind_all(entry)
    return charge(key, step, kind, width, fresh, count, rewind, entry, rewound_until)
  end

  answer(tightest, wait, left, reset)
  if wait < 0 and cost > 0 then
    write(key, kind, expires, value)
  elseif rewound_until then
    write(key, kind, rewound_until, sub(entry, VALUE))
  end
  return wait >= 0
end
