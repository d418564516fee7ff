void main() {
  while (true) {
    print('0123456789');
  }
}
