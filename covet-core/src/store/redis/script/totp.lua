-- A used one-time code (`mfa::claim_step`).
--
-- step     'T', 0, the step of the code (I6), how long it must be remembered (I6)
-- value    the newest accepted step (I6)
-- answers  whether it was accepted, 1 or 0

local function totp(key, step)
  local claimed, remember = struct.unpack('>I6I6', step, 3)
  local entry = read_kind(key, KIND_TOTP)
  local accepted = not entry or #entry < VALUE + 5 or claimed > struct.unpack('>I6', entry, VALUE)
  if accepted then write(key, KIND_TOTP, now + remember, struct.pack('>I6', claimed)) end
  answer(accepted and 1 or 0)
  return not accepted
end
