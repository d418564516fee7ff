import 'dart:io';

// `stdout.write` prints without a new line, `print` with one.
void main() {
  stdout.write('Your name? ');
  final name = stdin.readLineSync() ?? 'nobody';

  print('Hello, $name!');
}
