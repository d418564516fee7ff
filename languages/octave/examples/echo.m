line = fgetl(stdin);
while ischar(line)  % -1 at the end of input
  disp(line)
  line = fgetl(stdin);
end
disp("end of input")
