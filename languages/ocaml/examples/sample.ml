(* Asks for a name and greets it. *)
let greeting name = Printf.sprintf "Hello, %s!" name

let () =
  Printf.printf "Your name? ";
  let name = input_line stdin in
  print_endline (greeting name)
