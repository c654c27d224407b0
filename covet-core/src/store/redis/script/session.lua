-- A session (`session::check`) and the index of its owner's sessions: a sorted set of ids by when they expire, which
-- lives as long as the last of them.

-- Notes in the index that an entry was written, and forgets those that have expired.
local function index_written(index, key, expires)
  if not index then return end
  local id = string.sub(key, -22)
  if expires <= now then
    redis.call('ZREM', index, id)
    return
  end
  local pruned = redis.pcall('ZREMRANGEBYSCORE', index, '-inf', now)
  -- What is not an index is replaced by one.
  if type(pruned) == 'table' then redis.call('DEL', index) end
  redis.call('ZADD', index, expires, id)
  if redis.call('PTTL', index) < expires - now then redis.call('PEXPIRE', index, expires - now) end
end

-- step     'S', indexed (B), idle timeout, lifetime, lifetime of one that awaits its second factor, time after which use is noted
-- value    seen (I6), created (I6), whether it awaits its second factor (B), the record as JSON
-- answers  LIVE, seen, the record; or why not
local function sessions()
  local MISSING, LIVE, ABSOLUTE, IDLE = 0, 1, 2, 3

  local function ended(why)
    answer(why)
    return true
  end

  return function(key, step, index)
    local idle_timeout, lifetime, pending_lifetime, touch = struct.unpack('>I6I6I6I6', step, 3)
    local entry = read_kind(key, KIND_SESSION)
    if not entry or #entry < VALUE + 12 then return ended(MISSING) end
    local seen, created, pending = struct.unpack('>I6I6B', entry, VALUE)
    local ends = created + (pending == 1 and pending_lifetime or lifetime)
    if now >= ends then return ended(ABSOLUTE) end
    local idle = math.max(now - seen, 0)
    if idle >= idle_timeout then return ended(IDLE) end
    if idle >= touch then
      seen = now
      local expires = math.min(seen + idle_timeout, ends)
      write(key, KIND_SESSION, expires, struct.pack('>I6', seen) .. string.sub(entry, VALUE + 6))
      index_written(index, key, expires)
    end
    answer(LIVE)
    answer(seen)
    answer(string.sub(entry, VALUE + 13))
    return false
  end
end
