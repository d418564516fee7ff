let count = 3
let text = "count: " ^ count
let () = print_endline text
