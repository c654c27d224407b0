-- Which function runs a step.
local made = {}

local function shared_window()
  made.window = made.window or windows()
  return made.window
end

local function make(letter)
  if letter == 67 then return sliding_window(shared_window()) end -- C
  if letter == 83 then return sessions() end -- S
  if letter == 65 then return lockouts(shared_window()) end -- A
  if letter == 84 then return totp end -- T
  if letter == 82 then return read_entry end -- R
  if letter == 88 then return swap_entry end -- X
end

local place = 1
for i = 2, #ARGV do
  local step = ARGV[i]
  local letter, indexed = string.byte(step, 1, 2)
  local key, index = KEYS[place], indexed == 1 and KEYS[place + 1] or nil
  place = place + 1 + indexed
  made[letter] = made[letter] or make(letter)
  if made[letter](key, step, index) then break end
end
return answers
