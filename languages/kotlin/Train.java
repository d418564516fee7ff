import java.io.IOException;
import java.nio.file.Path;

/**
 * Compiles what the image's users compile, while the virtual machine records what it loads for the
 * compiler's cache. A program with mistakes is among it: messages need classes of their own.
 */
final class Train {
    public static void main(String[] arguments) throws IOException {
        Parked.warm("Short.kt");
        expect(true, "Typical.kt");
        expect(false, "Broken.kt");
    }

    private static void expect(boolean success, String source) throws IOException {
        if (Compile.compile(Path.of("arguments"), source) != success) {
            throw new IllegalStateException(source);
        }
    }
}
