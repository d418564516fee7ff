package main

import (
	"fmt"
	"io"
	"log"
	"os"
)

func main() {
	bytes, err := io.Copy(io.Discard, os.Stdin)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(bytes)
}
