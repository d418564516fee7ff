let () =
  let text = In_channel.input_all stdin in
  Printf.printf "%d\n" (String.length text)
