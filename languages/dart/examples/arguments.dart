import 'dart:io';

void main(List<String> arguments) {
  arguments.forEach(print);
  print(Platform.environment['GREETING']);
}
