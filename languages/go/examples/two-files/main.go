package main

func main() {
	greet() // in other.go
}
