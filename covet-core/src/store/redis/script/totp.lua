-- A used one-time code (`mfa::claim_step`).
--
-- step     'T', 0, the step of the code (I6), how long it must be remembered (I6)
-- value    'T': the newest accepted step (I6)
-- answers  whether it was accepted, 1 or 0

function steps.T(key, step)
  local claimed, remember = unpack('>I6I6', step, 3)
  local entry = read(key, 'T')
  local accepted = not entry or #entry < VALUE + 5 or claimed > unpack('>I6', entry, VALUE)
  if accepted then write(key, 'T', now + remember, pack('>I6', claimed)) end
  answers[#answers + 1] = accepted and 1 or 0
  return not accepted
end
