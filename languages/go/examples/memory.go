package main

func main() {
	var pieces [][]byte
	for {
		piece := make([]byte, 4<<20)
		for i := range piece {
			piece[i] = 1
		}
		pieces = append(pieces, piece)
	}
}
