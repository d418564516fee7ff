import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;

/**
 * {@link Compile}, started before there is a program: {@code java Parked ARGUMENT-FILE SOURCE...},
 * where the first source is a FIFO until there is one.
 *
 * <p>Meanwhile it compiles a short program and removes it, so that the compiler is loaded, linked and
 * in part machine code. A longer one would take twice the time and little off that of the next.
 */
final class Parked {
    private static final String SHORT = "/opt/kotlin/Short.kt";

    public static void main(String[] arguments) throws IOException {
        warm(SHORT);
        // Ends when whoever writes the FIFO is done. Then a regular file has its name.
        Files.readAllBytes(Path.of(arguments[1]));
        Compile.main(arguments);
    }

    static void warm(String source) throws IOException {
        var folder = Files.createTempDirectory("warm");
        if (!Compile.compile(folder, folder.resolve("arguments"), source)) {
            throw new IllegalStateException(source);
        }
        Files.walkFileTree(folder, new Removal());
    }

    private static final class Removal extends SimpleFileVisitor<Path> {
        @Override
        public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
                throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
        }

        @Override
        public FileVisitResult postVisitDirectory(Path folder, IOException failure)
                throws IOException {
            Files.delete(folder);
            return FileVisitResult.CONTINUE;
        }
    }
}
