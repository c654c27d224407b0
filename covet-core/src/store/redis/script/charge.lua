-- A rate limit by sliding windows (`rate_limit::charge`).
--
-- step     'C', 0, cost (I4), and for each rate its count (I4) and seconds (I4)
-- value    for each rate its seconds (I4) and its window
-- answers  which rate is the tightest, milliseconds to wait (-1 when admitted), what remains, milliseconds to its reset

local function sliding_window(window)
  local HEAD = 7 -- where the rates begin

  local function rates_of(step)
    local rates = {}
    for place = HEAD, #step, 8 do
      local count, seconds = struct.unpack('>I4I4', step, place)
      rates[#rates + 1] = { count = count, seconds = seconds, length = seconds * 1000 }
    end
    return rates
  end

  local function unpack_windows(entry)
    local found, place = {}, VALUE
    while entry and place <= #entry do
      if #entry < place + 3 then return {} end
      local one, behind = window.unpack(entry, place + 4)
      if not one then return {} end
      one.seconds = struct.unpack('>I4', entry, place)
      found[#found + 1], place = one, behind
    end
    return found
  end

  -- The window to begin a rate with: the shortest that is not shorter, or else the longest: what is known.
  local function nearest(rate, found)
    local longer, longest
    for _, one in ipairs(found) do
      if one.seconds >= rate.seconds and (not longer or one.seconds < longer.seconds) then longer = one end
      if not longest or one.seconds >= longest.seconds then longest = one end
    end
    return longer or longest or window.empty()
  end

  -- The windows as the policy wants them, which may have changed since they were written.
  local function fit(rates, found)
    local same = #rates == #found
    for i, rate in ipairs(rates) do
      same = same and found[i].seconds == rate.seconds
    end
    if same then return found end
    local fitted = {}
    for i, rate in ipairs(rates) do
      local known = nearest(rate, found)
      fitted[i] = { seconds = rate.seconds, total = known.total, groups = known.groups }
    end
    return fitted
  end

  -- A clock set back must not empty a window: time stands still until it has caught up.
  local function time_of(fitted)
    local at = now
    for _, one in ipairs(fitted) do
      at = math.max(at, window.newest(one) or 0)
    end
    return at
  end

  -- Whether one rate has room; the waits are told from `now`.
  local function weigh(rate, one, cost, at)
    local live, frees_at = window.live(one, at, rate.length)
    local fits = live + cost <= rate.count
    local retry = -1
    if not fits then
      local room = rate.count - cost
      local falls_at = room >= 0 and window.falls_to(one, room, rate.length)
      retry = falls_at and math.max(falls_at - now, 0) or rate.length
    end
    local remaining = math.max(rate.count - live - (fits and cost or 0), 0)
    return retry, remaining, math.max((frees_at or at + rate.length) - now, 0)
  end

  -- Whether the first of two rates refuses longer, or else has less left, or else for longer.
  local function tighter(retry, remaining, reset, than)
    if retry ~= than.retry then return retry > than.retry end
    if remaining ~= than.remaining then return remaining < than.remaining end
    return reset > than.reset
  end

  local function weigh_all(rates, fitted, cost, at)
    local tightest
    for i, rate in ipairs(rates) do
      local retry, remaining, reset = weigh(rate, fitted[i], cost, at)
      if not tightest or tighter(retry, remaining, reset, tightest) then
        tightest = { rate = i, retry = retry, remaining = remaining, reset = reset }
      end
    end
    return tightest
  end

  local function add(key, rates, fitted, cost, at)
    local value, longest = '', 0
    for i, rate in ipairs(rates) do
      local one = fitted[i]
      window.add(one, cost, rate.count, at, rate.length)
      value = value .. struct.pack('>I4', one.seconds) .. window.pack(one)
      longest = math.max(longest, rate.length)
    end
    write(key, KIND_LIMIT, at + longest, value)
  end

  return function(key, step)
    local rates, cost = rates_of(step), struct.unpack('>I4', step, 3)
    local fitted = fit(rates, unpack_windows(read_kind(key, KIND_LIMIT)))
    local at = time_of(fitted)
    local tightest = weigh_all(rates, fitted, cost, at)
    answer(tightest.rate)
    answer(tightest.retry)
    answer(tightest.remaining)
    answer(tightest.reset)
    local refused = tightest.retry >= 0
    if cost > 0 and not refused then add(key, rates, fitted, cost, at) end
    return refused
  end
end
