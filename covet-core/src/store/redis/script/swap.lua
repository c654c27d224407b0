-- `Store::read` and `Store::swap`: entries as they are, understood by the caller.

-- step     'R', 0
-- answers  the entry, or nothing
function steps.R(key)
  answers[#answers + 1] = read(key) or false
  return false
end

-- step     'X', 0 or INDEXED, whether one is expected (B), the nonce of that one (8 bytes), whether there is a new one
--          (B), and if so its kind, when it expires (I6), its value
-- answers  whether the entry was as expected, and so replaced, 1 or 0
function steps.X(key, step, index)
  local expected, version, new = unpack('>Bc8B', step, 3)
  local entry = read(key)
  local as_expected = (entry and sub(entry, 2, 9)) == (expected == 1 and version or nil)
  if as_expected then
    local kind, expires = '', 0
    if new == 1 then kind, expires = unpack('>c1I6', step, 13) end
    write(key, kind, expires, sub(step, 20))
    index_written(index, key, expires)
  end
  answers[#answers + 1] = as_expected and 1 or 0
  return false
end
