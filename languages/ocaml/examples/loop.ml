let () =
  print_endline "looping";
  let count = ref 0 in
  while true do
    incr count
  done
