-- A sliding window (`window.rs`) where it stands in an entry: how many events it keeps, and from `place` up to `behind`
-- their groups, oldest first, ten bytes each: the time of the newest event (I6), how many (I4). Only the groups at the
-- ends are ever unpacked.

-- How many events count at a time, where their groups begin, and when the oldest will cease to count.
local function live(total, entry, place, behind, length, at)
  while place < behind do
    local time, events = unpack('>I6I4', entry, place)
    if time + length > at then return total, place, time + length end
    total, place = total - events, place + 10
  end
  return 0, place, at + length
end

-- The groups of a window after `count` events more, in groups made for `limit`; what no longer counts is not among those
-- from `place` on. The time is not before the newest event.
local function add(limit, entry, place, behind, count, at)
  local size, groups = math.ceil(limit / 32), ''
  if place < behind then
    local events = unpack('>I4', entry, behind - 4)
    if events < size then
      local joined = math.min(count, size - events)
      groups = sub(entry, place, behind - 11) .. pack('>I6I4', at, events + joined)
      count = count - joined
    else
      groups = sub(entry, place, behind - 1)
    end
  end
  while count > 0 do
    if #groups >= 330 then
      -- Only a changed limit fills the ring: its two oldest groups count as one, the longer way.
      local _, oldest, time, events = unpack('>I6I4I6I4', groups)
      groups = pack('>I6I4', time, math.min(oldest + events, 4294967295)) .. sub(groups, 21)
    end
    groups = groups .. pack('>I6I4', at, math.min(count, size))
    count = count - size
  end
  return groups
end
