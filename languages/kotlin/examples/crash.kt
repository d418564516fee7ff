fun main() {
    // The JVM has no way of its own to raise a signal.
    val self = ProcessHandle.current().pid()
    ProcessBuilder("sh", "-c", "kill -ABRT $self").start().waitFor()
}
