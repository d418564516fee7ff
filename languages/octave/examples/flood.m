while true
  puts("0123456789\n");
end
