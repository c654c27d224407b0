-- Sliding windows (`rate_limit::check::weigh`, `window.rs`): how many events a window keeps (I4), their groups.

local function count_window(limit, length, _, _, entry, place, behind, cost)
  local total, newest = unpack('>I4', entry, place), 0
  place = place + 4
  if place < behind then
    local time
    time, newest = unpack('>I6I4', entry, behind - 10)
    if time > now then return nil end
  end
  local used, first, frees_at = live(total, entry, place, behind, length, now)
  local left = limit - used - cost
  if left >= 0 then
    if cost == 0 then return -1, left, frees_at - now end
    local counter = pack('>I4', used + cost) .. add(limit, entry, first, behind, newest, cost)
    return -1, left, frees_at - now, counter, now + length
  end
  -- A cost over the limit never fits; so it is told at most once a window.
  local wait = length
  if cost <= limit then
    while total > limit - cost and place < behind do
      local time, events = unpack('>I6I4', entry, place)
      total, place, wait = total - events, place + 10, time + length - now
    end
  end
  return math.max(wait, 0), math.max(limit - used, 0), frees_at - now
end

local function rewind_window(_, length, _, _, entry, place, behind)
  if place + 4 >= behind then return sub(entry, place, behind - 1), 0 end
  local newest = unpack('>I6', entry, behind - 10)
  local groups = moved_back(entry, place + 4, behind, math.max(newest - now, 0))
  return sub(entry, place, place + 3) .. groups, math.min(newest, now) + length
end

function steps.C(key, step)
  return charge(key, step, 'W', 8, '\0\0\0\0', count_window, rewind_window, read(key, 'W') or '')
end
