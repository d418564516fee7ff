let rec echo () =
  match In_channel.input_line stdin with
  | Some line ->
      print_endline line;
      echo ()
  | None -> print_endline "end of input"

let () = echo ()
