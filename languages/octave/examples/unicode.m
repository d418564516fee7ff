line = fgetl(stdin);
printf("Grüße, %s!\n", line)
