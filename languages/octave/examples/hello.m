printf("Hello, world!\n")
