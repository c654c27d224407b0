-- `Store::read` and `Store::swap`: entries as they are, understood by the caller.

-- step     'R', 0
-- answers  the entry, or nothing
local function read_entry(key)
  answer(read(key) or false)
  return false
end

-- step     'X', indexed (B), whether one is expected (B), the nonce of that one (8 bytes), whether there is a new one (B), and if so
--          its kind (B), when it expires (I6), its value
-- answers  whether the entry was as expected, and so replaced, 1 or 0
local function swap_entry(key, step, index)
  local expected, version, new = struct.unpack('>Bc8B', step, 3)
  local entry = read(key)
  local found = entry and string.sub(entry, 2, 9)
  if found ~= (expected == 1 and version or nil) then
    answer(0)
    return false
  end
  local kind, expires = 0, 0
  if new == 1 then kind, expires = struct.unpack('>BI6', step, 13) end
  write(key, kind, expires, string.sub(step, 20))
  index_written(index, key, expires)
  answer(1)
  return false
end
