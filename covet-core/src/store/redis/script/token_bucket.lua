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

-- What the bucket lacks, in parts.
local function lacks(entry, place, parts)
  local full_at, part = unpack('>I6I4', entry, place)
  return full_at < now and 0 or (full_at - now) * parts + part
end

-- The bucket that lacks so many parts, and when it will be full.
local function lacking_now(lacking, parts)
  local millis, rest = divide(lacking, parts)
  return pack('>I6I4', now + millis, rest), now + millis + (rest > 0 and 1 or 0)
end

local function count_bucket(tokens, _, step, at, entry, place, _, cost)
  local parts, token = unpack('>I6I6', step, at)
  local capacity, price, lacking = tokens * token, token * cost, lacks(entry, place, parts)
  if lacking > capacity then return nil end
  local wait, after = -1, lacking + price
  if after > capacity then
    -- A cost over the capacity never fits; so it is told at most once a filling.
    wait, after = taking(price > capacity and capacity or after - capacity, parts), lacking
  end
  local left = divide(capacity - after, token)
  local next = math.min(math.max(capacity - (left + 1) * token, 0), after)
  local reset = taking(after - next, parts)
  if wait < 0 and cost > 0 then return wait, left, reset, lacking_now(after, parts) end
  return wait, left, reset
end

local function rewind_bucket(tokens, _, step, at, entry, place)
  local parts, token = unpack('>I6I6', step, at)
  local full_at, part = unpack('>I6I4', entry, place)
  if lacks(entry, place, parts) > tokens * token then return lacking_now(tokens * token, parts) end
  return sub(entry, place, place + 9), full_at + (part > 0 and 1 or 0)
end

function steps.B(key, step)
  local fresh = string.rep('\0', 10)
  return charge(key, step, 'B', 20, fresh, count_bucket, rewind_bucket, read(key, 'B') or '')
end
