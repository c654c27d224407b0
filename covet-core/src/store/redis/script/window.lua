-- A sliding window (`window.rs`) where it stands in an entry: how many events it keeps, and from `place` up to `behind`
-- their groups, oldest first, ten bytes each: the time of the newest event (I6), how many (I4). Only the groups at the
-- ends are ever unpacked.

-- What works on them; made by whoever needs it, not for every call.
local function window()
  -- How many events count, where their groups begin, and when the oldest will cease to count.
  local function live(total, entry, place, behind, length, at)
    while place < behind do
      local time, events = unpack('>I6I4', entry, place)
      if time + length > at then return total, place, time + length end
      total, place = total - events, place + 10
    end
    return 0, place, at + length
  end

  -- The groups of a window after `count` events more, at that time, in groups made for `limit`; what no longer counts is not among
  -- those from `place` on, of which the newest has `newest` events.
  local function add(limit, entry, place, behind, newest, count, at)
    local size, groups = math.ceil(limit / 32), ''
    if place < behind then
      if newest < size then
        local joined = math.min(count, size - newest)
        groups = sub(entry, place, behind - 11) .. pack('>I6I4', at, newest + joined)
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

  -- The groups of a window whose newest event lies so far ahead, because the clock was set back: all moved as far.
  local function moved_back(entry, place, behind, ahead)
    local groups = ''
    for at = place, behind - 10, 10 do
      local time, events = unpack('>I6I4', entry, at)
      groups = groups .. pack('>I6I4', math.max(time - ahead, 0), events)
    end
    return groups
  end

  return live, add, moved_back
end
