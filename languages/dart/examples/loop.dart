void main() {
  print('looping');
  while (true) {}
}
