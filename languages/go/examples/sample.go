package main

import (
	"bufio"
	"fmt"
	"os"
)

func main() {
	input := bufio.NewScanner(os.Stdin)

	fmt.Print("Your name? ")
	input.Scan() // one line

	fmt.Printf("Hello, %s!\n", input.Text())
}
