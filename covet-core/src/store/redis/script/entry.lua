-- The functions that run steps, by letter: they take the key, the step and the key of the index, and say whether they
-- refuse.
local steps = {}

local answers = {}

-- The roles of the session that the batch has found, see `session.lua`.
local roles

-- The entry, or nil when there is none of that kind; without a kind, of any. What cannot be an entry is none: the next
-- write replaces it.
local function read(key, kind)
  local entry = redis.pcall('GET', key)
  if not entry then return nil end
  if type(entry) == 'table' then
    if string.find(entry.err, 'WRONGTYPE', 1, true) then return nil end
    call('GET', key) -- fails again, and with it the script
  end
  if #entry < VALUE then return nil end
  local its, expires = unpack('>c1xxxxxxxxI6', entry)
  if expires <= now or (kind and its ~= kind) then return nil end
  return entry
end

-- Writes the entry and its time to live in one command. Without time left it does not exist.
local function write(key, kind, expires, value)
  if expires <= now then
    call('DEL', key)
  else
    call('SET', key, kind .. nonce .. pack('>I6', expires) .. value, 'PX', expires - now + spare)
  end
end
