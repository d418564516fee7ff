printf("leaving\n")
exit(7)
