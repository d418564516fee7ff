import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.classfile.Attributes;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Arrays;
import org.jetbrains.kotlin.cli.common.ExitCode;
import org.jetbrains.kotlin.cli.jvm.K2JVMCompiler;

/**
 * Compiles Kotlin programs and says which class to run: {@code java Compile ARGUMENT-FILE
 * SOURCE...}.
 *
 * <p>It is kotlinc but for two things. A program that compiles makes no noise: warnings are shown
 * only beside errors. And the main class is found and written to ARGUMENT-FILE, so that
 * {@code java @ARGUMENT-FILE} runs the program.
 */
final class Compile {
    /** What programs may use, in the order in which the archive for running them was made. */
    static final String LIBRARIES = "/opt/kotlin/lib/kotlin-stdlib.jar"
            + ":/opt/kotlin/lib/kotlinx-coroutines-core-jvm.jar"
            + ":/opt/kotlin/lib/kotlin-reflect.jar"
            + ":/opt/kotlin/lib/kotlin-test.jar";

    private static final String[] OPTIONS = {
        "-no-stdlib",
        "-no-reflect",
        "-Xdisable-default-scripting-plugin",
        "-classpath", LIBRARIES + ":.",
        "-d", ".",
    };

    public static void main(String[] arguments) throws IOException {
        var sources = Arrays.copyOfRange(arguments, 1, arguments.length);
        var success = compile(Path.of(arguments[0]), sources);
        System.err.flush();
        // Nothing is left to tidy up, and the compiler's threads would take their time.
        Runtime.getRuntime().halt(success ? 0 : 1);
    }

    static boolean compile(Path argumentFile, String... sources) throws IOException {
        // A sandbox is used once: the compiler's environment need not be taken apart.
        System.setProperty("kotlin.environment.keepalive", "true");
        // Colours would need a native library, unpacked to a folder of executable files.
        System.setProperty("kotlin.colors.enabled", "false");

        var arguments = Arrays.copyOf(OPTIONS, OPTIONS.length + sources.length);
        System.arraycopy(sources, 0, arguments, OPTIONS.length, sources.length);

        var messages = new ByteArrayOutputStream();
        var code = new K2JVMCompiler().exec(new PrintStream(messages), arguments);
        if (code != ExitCode.OK) {
            messages.writeTo(System.err);
            return false;
        }
        var mains = new MainClasses(sources);
        Files.walkFileTree(Path.of("."), mains);
        if (mains.best == null) {
            System.err.println("error: no main function found");
            return false;
        }
        Files.writeString(
                argumentFile, "-classpath\n" + LIBRARIES + ":.\n" + mains.best.name + "\n");
        return true;
    }

    /** Looks for classes that the java launcher can start, and keeps the best one. */
    private static final class MainClasses extends SimpleFileVisitor<Path> {
        private final String[] sources;
        Candidate best;

        MainClasses(String[] sources) {
            this.sources = sources;
        }

        @Override
        public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
                throws IOException {
            if (file.toString().endsWith(".class")) {
                var type = ClassFile.of().parse(file);
                if (hasMain(type)) {
                    var candidate = candidate(type);
                    if (best == null || candidate.compareTo(best) < 0) {
                        best = candidate;
                    }
                }
            }
            return FileVisitResult.CONTINUE;
        }

        /** A main function without parameters has a companion with them, for the launcher. */
        private static boolean hasMain(ClassModel type) {
            for (var method : type.methods()) {
                if (method.methodName().equalsString("main")
                        && method.methodType().equalsString("([Ljava/lang/String;)V")
                        && (method.flags().flagsMask() & ClassFile.ACC_STATIC) != 0) {
                    return true;
                }
            }
            return false;
        }

        private Candidate candidate(ClassModel type) {
            var name = type.thisClass().asInternalName().replace('/', '.');
            var source = type.findAttribute(Attributes.sourceFile());
            var fileName = source.isEmpty() ? "" : source.get().sourceFile().stringValue();
            return new Candidate(position(fileName), !name.endsWith("Kt"), name);
        }

        /** Which of the sources has this name; a class file does not know its source's folder. */
        private int position(String fileName) {
            var position = 0;
            while (position < sources.length
                    && !Path.of(sources[position]).endsWith(fileName)) {
                position++;
            }
            return position;
        }
    }

    /**
     * The order of fields is the order of preference: functions outside of classes, which are in
     * a class named after the file and Kt, come before objects.
     */
    private record Candidate(int source, boolean object, String name)
            implements Comparable<Candidate> {
        @Override
        public int compareTo(Candidate other) {
            if (source != other.source) {
                return Integer.compare(source, other.source);
            }
            if (object != other.object) {
                return Boolean.compare(object, other.object);
            }
            return name.compareTo(other.name);
        }
    }
}
