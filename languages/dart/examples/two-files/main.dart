import 'other.dart';

void main() {
  print(message());
}
