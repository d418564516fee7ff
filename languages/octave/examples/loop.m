disp("looping")
fflush(stdout);
while true
end
