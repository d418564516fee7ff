import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import javax.tools.FileObject;
import javax.tools.ForwardingJavaFileManager;
import javax.tools.JavaFileManager;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;

/**
 * {@link Compile}, started before there is a program: {@code java Parked ARGUMENT-FILE SOURCE...},
 * where the first source is a FIFO until there is one.
 *
 * <p>Meanwhile it compiles a typical program and forgets it, so that the compiler is loaded, linked
 * and in part machine code. Once is enough: more rounds gain little and take memory and time.
 */
final class Parked {
    private static final String TYPICAL = "/opt/java/Typical.java";

    public static void main(String[] arguments) throws IOException {
        warm(TYPICAL);
        // Ends when whoever writes the FIFO is done. Then a regular file has its name.
        Files.readAllBytes(Path.of(arguments[1]));
        Compile.main(arguments);
    }

    static void warm(String source) throws IOException {
        var files = Compile.standardFiles();
        if (!Compile.compile(files, new Nowhere(files), Path.of("/dev/null"), source)) {
            throw new IllegalStateException(source);
        }
    }

    /** Forgets the class files that are written to it. */
    private static final class Nowhere extends ForwardingJavaFileManager<JavaFileManager> {
        Nowhere(JavaFileManager files) {
            super(files);
        }

        @Override
        public JavaFileObject getJavaFileForOutput(
                Location location, String name, JavaFileObject.Kind kind, FileObject sibling) {
            return new SimpleJavaFileObject(URI.create("nowhere:/" + name), kind) {
                @Override
                public OutputStream openOutputStream() {
                    return OutputStream.nullOutputStream();
                }
            };
        }
    }
}
