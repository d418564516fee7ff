% Greets whoever is at the keyboard.
name = input("Your name? ", "s");
printf("Hello, %s!\n", name);
