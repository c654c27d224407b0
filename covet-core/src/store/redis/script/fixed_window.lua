-- Fixed windows (`rate_limit::fixed`): when the window began (I6), how many it counted (I4).

local function count_fixed(limit, length, _, _, entry, place, _, cost)
  local start, count = unpack('>I6I4', entry, place)
  if start > now + DISORDER then return nil end
  local at = math.max(now, start)
  if at - start >= length then start, count = at - math.fmod(at, length), 0 end
  local ends = start + length
  if count + cost > limit then return ends - at, math.max(limit - count, 0), ends - at end
  if cost == 0 then return -1, limit - count, ends - at end
  return -1, limit - count - cost, ends - at, pack('>I6I4', start, count + cost), ends
end

local function rewind_fixed(_, length, _, _, entry, place)
  local start, count = unpack('>I6I4', entry, place)
  if start > now + DISORDER then start = now - math.fmod(now, length) end
  return pack('>I6I4', start, count), start + length
end

function steps.F(key, step)
  local fresh = string.rep('\0', 10)
  return charge(key, step, 'F', 8, fresh, count_fixed, rewind_fixed, read(key, 'F') or '')
end
