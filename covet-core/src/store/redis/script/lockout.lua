-- Failed attempts (`lockout::check`).
--
-- step     'A', 0, what happened (B), how many attempts lock (I4), how long one counts, how long the lock lasts
-- value    their window
-- answers  OPEN, how many are left; or LOCKED, milliseconds to wait

local function lockouts(window)
  local LOOK, SUCCESS = 0, 2
  local OPEN, LOCKED = 0, 1

  local function locked_until(attempts, max, length, duration)
    local last = window.newest(attempts)
    if last and window.live(attempts, last, length) >= max then return last + duration end
  end

  local function open(left)
    answer(OPEN)
    answer(left)
    return false
  end

  return function(key, step)
    local event, max, length, duration = struct.unpack('>BI4I6I6', step, 3)
    local entry = read_kind(key, KIND_LOCKOUT)
    local attempts = entry and window.unpack(entry, VALUE) or window.empty()
    if event == SUCCESS then
      if attempts.total > 0 then redis.call('DEL', key) end
      return open(max)
    end
    -- A clock set back does not forget attempts: time stands still until it has caught up.
    local at = math.max(window.newest(attempts) or 0, now)
    local ends_at = locked_until(attempts, max, length, duration)
    if ends_at and ends_at > at then
      answer(LOCKED)
      answer(math.max(ends_at - now, 0))
      return true
    end
    if event == LOOK then
      return open(math.max(max - window.live(attempts, at, length), 1))
    end
    window.add(attempts, 1, max, at, length)
    window.keep(attempts, max)
    write(key, KIND_LOCKOUT, at + math.max(length, duration), window.pack(attempts))
    return open(math.max(max - attempts.total, 0))
  end
end
