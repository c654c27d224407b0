-- What most charges are: of a policy of one rate, admitted, in a sliding window that has nothing to forget. All that such a
-- one needs is done in one go, and alone it is done before anything else is made. Everything else is for `charge_windows`.

-- The answer; or nil, and nothing is changed, when the charge is not such a one.
local function charge_one_window(key, step)
  local cost, seconds, limit = unpack('>I4I4I4', step, 3)
  if #step > 14 or cost == 0 then return nil end
  local entry = redis.pcall('GET', key)
  local length, size = seconds * 1000, math.ceil(limit / 32)
  local total, groups, oldest, newest = 0, '', now, 0
  if entry then
    if type(entry) == 'table' or #entry < 35 then return nil end
    local kind, expires, its, long, latest
    kind, expires, its, long, total, oldest, newest = unpack('>c1xxxxxxxxI6I4I2I4I6I4', entry)
    latest = oldest
    if #entry > 35 then latest, newest = unpack('>I6I4', entry, #entry - 9) end
    if kind ~= 'W' or expires <= now or its ~= seconds or long ~= #entry - 21 or long % 10 ~= 4 then return nil end
    if latest > now or oldest + length <= now then return nil end
    if newest >= size then
      newest, groups = 0, sub(entry, 26)
    else
      groups = sub(entry, 26, #entry - 10)
    end
  end
  local left = limit - total - cost
  if left < 0 or newest + cost > size or #groups >= 330 then return nil end
  local head = pack('>I6I4I2I4', now + length, seconds, #groups + 14, total + cost)
  local last = pack('>I6I4', now, newest + cost)
  call('SET', key, 'W' .. nonce .. head .. groups .. last, 'PX', length + spare)
  return pack('>BI6I4I6', 1, 0, left, oldest + length - now)
end

if #ARGV == 2 and sub(ARGV[2], 1, 1) == 'C' then
  local answer = charge_one_window(KEYS[1], ARGV[2])
  if answer then return answer end
end
