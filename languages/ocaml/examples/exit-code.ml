let () =
  print_string "leaving\n";
  exit 7
