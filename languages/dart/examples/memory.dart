import 'dart:typed_data';

void main() {
  final held = <Uint8List>[];
  while (true) {
    held.add(Uint8List(4000000)..fillRange(0, 4000000, 1));
  }
}
