-- Failed attempts (`lockout::check`).
--
-- step     'A', 0, what happened (B), from which attempt on one waits (I4), how long the count is kept (I6), the first wait
--          (I6), by what it grows (I4), the longest wait (I6), from which attempt on another wait holds (I4; 0 for none),
--          which (I6)
-- value    'L': how many attempts in a row (I4), when the last of them was (I6)
-- answers  OPEN or LOCKED, how many attempts in a row, how long to wait

function steps.A(key, step)
  local OPEN, LOCKED, LOOK, SUCCESS = 0, 1, 0, 2
  local event, most, window, base, factor, longest, cap, capped = unpack('>BI4I6I6I4I6I4I6', step, 3)
  local function wait(count)
    if cap > 0 and count >= cap then return capped end
    if count < most or base == 0 then return 0 end
    -- A power too large is infinite, which is more than the longest.
    return math.min(base * factor ^ (count - most), longest)
  end
  local function answer(what, count, millis)
    local n = #answers
    answers[n + 1], answers[n + 2], answers[n + 3] = what, count, millis
    return what == LOCKED
  end

  local entry, count, last = read(key, 'L'), 0, 0
  if entry and #entry >= VALUE + 9 then count, last = unpack('>I4I6', entry, VALUE) end
  if event == SUCCESS then
    if count > 0 then call('DEL', key) end
    return answer(OPEN, count, 0)
  end

  -- The clock was set back: that neither forgets attempts nor makes a wait longer.
  local ahead, at = last > now + DISORDER, math.max(now, last)
  if ahead then last, at = now, now end
  if at >= last + math.max(window, wait(count)) then count = 0 end
  if ahead then
    write(key, 'L', count > 0 and now + math.max(window, wait(count)) or 0, pack('>I4I6', count, now))
  end
  local left = count > 0 and last + wait(count) - at or 0
  if left > 0 then return answer(LOCKED, count, left) end
  if event == LOOK then return answer(OPEN, count, 0) end
  count = math.min(count + 1, 4294967295)
  write(key, 'L', at + math.max(window, wait(count)), pack('>I4I6', count, at))
  return answer(OPEN, count, wait(count))
end
