let half n =
  if n mod 2 = 1 then failwith "an odd number has no half"; (* fails here *)
  n / 2

let () =
  print_endline "before";
  print_int (half 7)
