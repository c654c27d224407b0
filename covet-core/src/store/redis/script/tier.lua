-- A limit that is another for those who hold some roles (`Step::for_whom`).
--
-- step     'V', 0 or SHADOW, how many tiers (B); for each the length of its roles (I2), the roles, the length of its step
--          (I2; 0 for no limit), the step; then the step for all others
-- answers  what the step answers that is for whoever the batch has found; nothing without a limit

-- Whether two lists of roles have one in common: each the length (I2) and the name.
local function share(these, those)
  local place = 1
  while place < #these do
    local one, next = unpack('>I2c0', these, place)
    local at = 1
    while at < #those do
      local other
      other, at = unpack('>I2c0', those, at)
      if one == other then return true end
    end
    place = next
  end
  return false
end

function steps.V(key, step)
  local place, chosen = 4, nil
  for _ = 1, string.byte(step, 3) do
    local names, own
    names, own, place = unpack('>I2c0I2c0', step, place)
    if roles and not chosen and share(roles, names) then chosen = own end
  end
  chosen = chosen or sub(step, place)
  return chosen ~= '' and steps[sub(chosen, 1, 1)](key, chosen)
end
