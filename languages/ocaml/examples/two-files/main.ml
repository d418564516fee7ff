let () = print_endline Helper.message
