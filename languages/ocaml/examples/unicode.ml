let () =
  let line = read_line () in
  Printf.printf "Grüße, %s!\n" line
