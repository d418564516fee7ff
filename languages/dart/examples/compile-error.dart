void main() {
  int answer = 'forty-two';
  print(answer);
}
