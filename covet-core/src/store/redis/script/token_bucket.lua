-- Token buckets (`rate_limit::bucket`): when a bucket will be full (I6), and the fraction of a millisecond (I4). Besides
-- its capacity a rate has how many parts come back in a millisecond (I6), and how many a token is (I6).

local function divide(a, b)
  local rest = math.fmod(a, b)
  return (a - rest) / b, rest
end

-- How many milliseconds so many parts take.
local function taking(lacking, parts)
  local millis, rest = divide(lacking, parts)
  return rest > 0 and millis + 1 or millis
end

-- When a charge is judged, and what the bucket lacks then, in parts. It was last charged when it lacked all of its tokens,
-- or later: a little ahead is only another order; more is a clock that was set back.
local function lacks(entry, place, capacity, parts)
  local full_at, part = unpack('>I6I4', entry, place)
  local at = math.max(now, full_at - divide(math.max(capacity - part, 0), parts))
  if at > now + DISORDER then at = now end
  return at, full_at < at and 0 or (full_at - at) * parts + part
end

-- The bucket that lacks so many parts at a time, and when it will be full.
local function lacking_at(at, lacking, parts)
  local millis, rest = divide(lacking, parts)
  return pack('>I6I4', at + millis, rest), at + millis + (rest > 0 and 1 or 0)
end

local function count_bucket(tokens, _, step, at, entry, place, _, cost)
  local parts, token = unpack('>I6I6', step, at)
  local capacity, price = tokens * token, token * cost
  local judged, lacking = lacks(entry, place, capacity, parts)
  if lacking > capacity then return nil end
  local wait, after = -1, lacking + price
  if after > capacity then
    -- A cost over the capacity never fits; so it is told at most once a filling.
    wait, after = taking(price > capacity and capacity or after - capacity, parts), lacking
  end
  local left = divide(capacity - after, token)
  local next = math.min(math.max(capacity - (left + 1) * token, 0), after)
  local reset = taking(after - next, parts)
  if wait < 0 and cost > 0 then return wait, left, reset, lacking_at(judged, after, parts) end
  return wait, left, reset
end

local function rewind_bucket(tokens, _, step, at, entry, place)
  local parts, token = unpack('>I6I6', step, at)
  local full_at, part = unpack('>I6I4', entry, place)
  local judged, lacking = lacks(entry, place, tokens * token, parts)
  if lacking > tokens * token then return lacking_at(judged, tokens * token, parts) end
  return sub(entry, place, place + 9), full_at + (part > 0 and 1 or 0)
end

function steps.B(key, step)
  local fresh = string.rep('\0', 10)
  return charge(key, step, 'B', 20, fresh, count_bucket, rewind_bucket, read(key, 'B') or '')
end
