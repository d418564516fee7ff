import Foundation

for argument in CommandLine.arguments.dropFirst() {
    print(argument)
}
print(ProcessInfo.processInfo.environment["GREETING"] ?? "")
