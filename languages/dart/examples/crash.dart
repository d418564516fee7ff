import 'dart:io';

void main() {
  Process.killPid(pid, ProcessSignal.sigabrt);
  sleep(Duration(seconds: 5));
}
