import java.nio.file.Path;

/**
 * Compiles what the image's users compile, while the virtual machine records what it loads for the
 * compiler's cache: {@code java Train SOURCE...}. A program with mistakes is added: messages need
 * classes of their own.
 */
final class Train {
    public static void main(String[] arguments) throws Exception {
        Parked.warm("Short.scala");
        for (var source : arguments) {
            expect(true, source);
        }
        expect(false, "Broken.scala");
    }

    private static void expect(boolean success, String source) throws Exception {
        if (Compile.compile(Path.of("arguments"), source) != success) {
            throw new IllegalStateException(source);
        }
    }
}
