-- A sliding window (`window.rs`): how many events it keeps, and their groups in a string, oldest first, ten bytes each:
-- the time of the newest event (I6), how many (I4). Only the groups at the ends are ever unpacked.

-- Whether there is room for `cost` at a time: milliseconds to wait from `now` (-1 when there is), what remains,
-- milliseconds until more will.
local function weigh(limit, length, total, groups, cost, at)
  local used, frees_at = total, nil
  for place = 1, #groups, 10 do
    local time, events = unpack('>I6I4', groups, place)
    if time + length > at then
      frees_at = time + length
      break
    end
    used = used - events
  end
  if not frees_at then used = 0 end
  local reset = math.max((frees_at or at + length) - now, 0)
  if used + cost <= limit then return -1, limit - used - cost, reset end

  -- A cost over the limit never fits; so it is told at most once a window.
  local wait = length
  if cost <= limit then
    for place = 1, #groups, 10 do
      if total <= limit - cost then break end
      local time, events = unpack('>I6I4', groups, place)
      total, wait = total - events, time + length - now
    end
  end
  return math.max(wait, 0), math.max(limit - used, 0), reset
end

-- Adds events at a time not before the newest, in groups made for `limit`; forgets what has left.
local function add(limit, length, total, groups, count, at)
  local place = 1
  while place < #groups do
    local time, events = unpack('>I6I4', groups, place)
    if time + length > at then break end
    total, place = total - events, place + 10
  end
  total = math.min(math.max(total, 0) + count, 4294967295)

  local size, last = math.ceil(limit / 32), #groups - 9
  if place <= last then
    local events = unpack('>I4', groups, last + 6)
    if events < size then
      local joined = math.min(count, size - events)
      groups = sub(groups, place, last - 1) .. pack('>I6I4', at, events + joined)
      place, count = 1, count - joined
    end
  end
  if place > 1 then groups = sub(groups, place) end
  while count > 0 do
    if #groups >= 330 then
      -- Only a changed limit fills the ring: its two oldest groups count as one, the longer way.
      local _, oldest, time, events = unpack('>I6I4I6I4', groups)
      groups = pack('>I6I4', time, math.min(oldest + events, 4294967295)) .. sub(groups, 21)
    end
    groups = groups .. pack('>I6I4', at, math.min(count, size))
    count = count - size
  end
  return total, groups
end
