let rec hold pieces = hold (Bytes.make (4 * 1024 * 1024) 'x' :: pieces)
let () = hold []
