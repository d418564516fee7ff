void main() {
    var names = List.of("Ada", "Grace");
    for (var name : names) {
        IO.println("Hello, " + name + "!");
    }
}
