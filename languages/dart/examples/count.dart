import 'dart:io';

Future<void> main() async {
  var total = 0;
  await for (final bytes in stdin) {
    total += bytes.length;
  }
  print(total);
}
