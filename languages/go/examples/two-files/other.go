package main

import "fmt"

func greet() {
	fmt.Println("from the other file")
}
