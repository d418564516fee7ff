package main

import "runtime/debug"

func main() {
	debug.SetTraceback("crash") // a panic ends in SIGABRT
	panic("nobody recovers from this")
}
