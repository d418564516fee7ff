int area(int width, int height) {
  if (width < 0 || height < 0) {
    throw ArgumentError('a side is negative'); // fails here
  }
  return width * height;
}

void main() {
  print('before');
  print(area(3, -4));
}
