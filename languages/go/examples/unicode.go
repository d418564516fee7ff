package main

import (
	"bufio"
	"fmt"
	"os"
)

func main() {
	input := bufio.NewScanner(os.Stdin)
	input.Scan()
	fmt.Printf("Grüße, %s!\n", input.Text())
}
