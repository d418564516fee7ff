let () =
  let arguments = List.tl (Array.to_list Sys.argv) in
  List.iter print_endline arguments;
  print_endline (Sys.getenv "GREETING")
