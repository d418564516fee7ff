total = 1;
total = (total + ;
disp(total)
