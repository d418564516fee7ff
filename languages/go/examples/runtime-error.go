package main

import "fmt"

func element(numbers []int, i int) int {
	return numbers[i] // fails here
}

func main() {
	fmt.Println("before")
	fmt.Println(element([]int{1, 2, 3}, 3))
}
