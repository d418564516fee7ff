process.stdout.write("leaving\n");
process.exit(7);
