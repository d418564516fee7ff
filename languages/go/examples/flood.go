package main

import "fmt"

func main() {
	for {
		fmt.Println("0123456789")
	}
}
