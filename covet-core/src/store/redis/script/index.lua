-- The index of an owner's sessions: a sorted set of ids by when they expire, which lives as long as the last of them.

-- Notes in it that an entry was written, and forgets those that have expired.
local function index_written(index, key, expires)
  if not index then return end
  local id = sub(key, -22)
  -- What is not an index is replaced by one.
  if type(redis.pcall('ZREMRANGEBYSCORE', index, '-inf', now)) == 'table' then call('DEL', index) end
  if expires <= now then
    call('ZREM', index, id)
  else
    call('ZADD', index, expires, id)
    if call('PTTL', index) < expires - now then call('PEXPIRE', index, expires - now) end
  end
end
