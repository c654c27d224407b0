-- Runs the steps of a batch in order, up to and including the first that refuses: the translation of `Step::apply`.
--
-- KEYS     those of the steps, in order: one each, and for some also the index of their owner's sessions
-- ARGV[1]  what all steps share: the nonce of this run (8 bytes), the time (I6; 0 to ask the server)
-- ARGV[i]  one step each; its first byte says which, see `main.lua`, its second whether an index follows its key
-- returns  what the steps answered, one after the other in one flat list
--
-- Numbers in arguments and values are big-endian and at most 2^48 - 1, so that Lua keeps them exactly. Times are
-- milliseconds since 1970. Functions are made on every call, so those that few steps need are made by a maker.

local nonce, now = struct.unpack('>c8I6', ARGV[1])
if now == 0 then
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end

local answers = {}

local function answer(value)
  answers[#answers + 1] = value
end

-- An entry: what kind of value it is (1 byte), the nonce of the run that wrote it (8), when it ceases to exist (I6),
-- the value. The kind also names the layout of the value: another layout takes another letter.
local KIND_LIMIT, KIND_SESSION, KIND_LOCKOUT, KIND_TOTP = 87, 83, 65, 84 -- W S A T
local VALUE = 16 -- where the value begins

-- The entry, or nil when there is none. What cannot be an entry is none: the next write replaces it.
local function read(key)
  local entry = redis.pcall('GET', key)
  if not entry then return nil end
  if type(entry) == 'table' then
    if string.find(entry.err, 'WRONGTYPE', 1, true) then return nil end
    redis.call('GET', key) -- fails again, and with it the script
  end
  if #entry < VALUE then return nil end
  if struct.unpack('>I6', entry, 10) <= now then return nil end
  return entry
end

-- The entry, or nil when it is not of this kind.
local function read_kind(key, kind)
  local entry = read(key)
  return entry and string.byte(entry) == kind and entry or nil
end

-- Writes the entry and its time to live in one command. Without time left it does not exist.
local function write(key, kind, expires, value)
  if expires <= now then
    redis.call('DEL', key)
  else
    redis.call('SET', key, string.char(kind) .. nonce .. struct.pack('>I6', expires) .. value, 'PX', expires - now)
  end
end
