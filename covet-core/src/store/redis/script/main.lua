local place = 1
for i = 2, #ARGV do
  local step = ARGV[i]
  local key, index = KEYS[place], nil
  place = place + 1
  if string.byte(step, 2) == 1 then
    index = KEYS[place]
    place = place + 1
  end
  if steps[sub(step, 1, 1)](key, step, index) then break end
end
return answers
