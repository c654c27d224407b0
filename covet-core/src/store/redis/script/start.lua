-- Runs the steps of a batch in order, up to and including the first that refuses: the translation of `Step::apply`.
--
-- KEYS     those of the steps, in order: one each, and for some also the index of their owner's sessions
-- ARGV[1]  what all steps share: the nonce of this run (8 bytes), the time (I6; 0 to ask the server)
-- ARGV[i]  one step each: a letter that says which; a byte, INDEXED if an index follows its key, SHADOW if its refusal is
--          none; the rest
-- returns  what the steps answered, one after the other in one flat list; a single answer alone, which takes less
--
-- Numbers in arguments and values are big-endian and at most 2^48 - 1, so that Lua keeps them exactly. Times are
-- milliseconds since 1970. Lua makes every function anew on every call, which costs more than calling it: so a script
-- has only the parts that its steps need, they are few, and what is most common is done before they are made.

-- How many milliseconds a clock may seem to go back that was not set back (`time::in_order`).
local DISORDER = 10000

local call, pack, unpack, sub = redis.call, struct.pack, struct.unpack, string.sub

local nonce, now = unpack('>c8I6', ARGV[1])
local spare = 60000 -- a caller's clock may stand still; so what it wrote stays longer than the server's clock says
if now == 0 then
  local time = call('TIME')
  now, spare = time[1] * 1000 + math.floor(time[2] / 1000), 0
end

-- An entry: what kind of value it is (a letter), the nonce of the run that wrote it (8 bytes), when it ceases to exist
-- (I6), the value. The kind also names the layout of the value: another layout takes another letter.
local VALUE = 16 -- where the value begins
