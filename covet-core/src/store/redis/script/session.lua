-- A session (`session::check`).
--
-- step     'S', 0 or INDEXED, idle timeout, lifetime, lifetime of one that awaits its second factor, time after which
--          use is noted (I6 each)
-- value    seen (I6), created (I6), whether it awaits its second factor (B), the length of its roles (I2), the roles, each
--          its length (I2) and name; the record as JSON
-- answers  LIVE (B), seen (I6), the record; or why not (B)

function steps.S(key, step, index)
  local MISSING, LIVE, ABSOLUTE, IDLE = 0, 1, 2, 3
  local n, entry = #answers + 1, read(key, 'S')
  if not entry or #entry < VALUE + 14 then
    answers[n] = pack('B', MISSING)
    return true
  end
  local idle_timeout, lifetime, pending_lifetime, touch = unpack('>I6I6I6I6', step, 3)
  local seen, created, pending, length = unpack('>I6I6BI2', entry, VALUE)
  if #entry < VALUE + 14 + length then
    answers[n] = pack('B', MISSING)
    return true
  end
  local ends = created + (pending == 1 and pending_lifetime or lifetime)
  local idle = math.max(now - seen, 0)
  if now >= ends or idle >= idle_timeout then
    answers[n] = pack('B', now >= ends and ABSOLUTE or IDLE)
    return true
  end
  if idle >= touch then
    seen = now
    local expires = math.min(seen + idle_timeout, ends)
    write(key, 'S', expires, pack('>I6', seen) .. sub(entry, VALUE + 6))
    index_written(index, key, expires)
  end
  roles = sub(entry, VALUE + 15, VALUE + 14 + length)
  answers[n] = pack('>BI6', LIVE, seen) .. sub(entry, VALUE + 15 + length)
  return false
end
