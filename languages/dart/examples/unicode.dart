import 'dart:io';

void main() {
  final line = stdin.readLineSync();
  print('Grüße, $line!');
}
