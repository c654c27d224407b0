-- Sliding windows (`rate_limit::check::weigh`, `window.rs`): how many events a window keeps (I4), their groups.

-- Windows of any kind: what is rare is made here, not for every call.
local function charge_windows(key, step, entry)
  local live, add, moved_back = window()

  local function count_window(limit, length, _, _, entry, place, behind, cost)
    local total, newest, at = unpack('>I4', entry, place), 0, now
    place = place + 4
    if place < behind then
      local time
      time, newest = unpack('>I6I4', entry, behind - 10)
      -- A little ahead is only another order; more is a clock that was set back.
      if time > now + DISORDER then return nil end
      at = math.max(at, time)
    end
    local used, first, frees_at = live(total, entry, place, behind, length, at)
    local left = limit - used - cost
    if left >= 0 then
      if cost == 0 then return -1, left, frees_at - at end
      local counter = pack('>I4', used + cost) .. add(limit, entry, first, behind, newest, cost, at)
      return -1, left, frees_at - at, counter, at + length
    end
    -- A cost over the limit never fits; so it is told at most once a window.
    local wait = length
    if cost <= limit then
      while total > limit - cost and place < behind do
        local time, events = unpack('>I6I4', entry, place)
        total, place, wait = total - events, place + 10, time + length - at
      end
    end
    return math.max(wait, 0), math.max(limit - used, 0), frees_at - at
  end

  local function rewind_window(_, length, _, _, entry, place, behind)
    if place + 4 >= behind then return sub(entry, place, behind - 1), 0 end
    local newest = unpack('>I6', entry, behind - 10)
    local ahead = newest - now
    if ahead <= DISORDER then ahead = 0 end
    local groups = moved_back(entry, place + 4, behind, ahead)
    return sub(entry, place, place + 3) .. groups, newest - ahead + length
  end

  return charge(key, step, 'W', 8, '\0\0\0\0', count_window, rewind_window, entry)
end

function steps.C(key, step)
  local charged = charge_one_window(key, step)
  if not charged then return charge_windows(key, step, read(key, 'W') or '') end
  answers[#answers + 1] = charged
  return false
end
