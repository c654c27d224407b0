local INDEXED, SHADOW = 1, 2
local place = 1
for i = 2, #ARGV do
  local step = ARGV[i]
  local key, index, how = KEYS[place], nil, string.byte(step, 2)
  place = place + 1
  if how == INDEXED then
    index = KEYS[place]
    place = place + 1
  end
  if steps[sub(step, 1, 1)](key, step, index) and how ~= SHADOW then break end
end
return #answers == 1 and answers[1] or answers
