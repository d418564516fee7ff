import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.classfile.Attributes;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.constantpool.Utf8Entry;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import org.jetbrains.kotlin.cli.common.ExitCode;
import org.jetbrains.kotlin.cli.common.arguments.K2JVMCompilerArguments;
import org.jetbrains.kotlin.cli.common.messages.MessageRenderer;
import org.jetbrains.kotlin.cli.common.messages.PrintingMessageCollector;
import org.jetbrains.kotlin.cli.jvm.K2JVMCompiler;
import org.jetbrains.kotlin.config.Services;

/**
 * Compiles Kotlin programs and says which class to run: {@code java Compile ARGUMENT-FILE
 * SOURCE...}.
 *
 * <p>It is kotlinc but for two things. A program that compiles makes no noise: warnings are shown
 * only beside errors. And the main class is found and written to ARGUMENT-FILE, so that
 * {@code java @ARGUMENT-FILE} runs the program.
 */
final class Compile {
    private static final String LIBRARIES = "/opt/kotlin/lib/kotlin-stdlib.jar"
            + ":/opt/kotlin/lib/kotlinx-coroutines-core-jvm.jar"
            + ":/opt/kotlin/lib/kotlin-test.jar";

    private static final String REFLECTION = "/opt/kotlin/lib/kotlin-reflect.jar";

    public static void main(String[] arguments) throws IOException {
        var sources = Arrays.copyOfRange(arguments, 1, arguments.length);
        var success = compile(Path.of(arguments[0]), sources);
        System.err.flush();
        // Nothing is left to tidy up, and the compiler's threads would take their time.
        Runtime.getRuntime().halt(success ? 0 : 1);
    }

    static boolean compile(Path argumentFile, String... sources) throws IOException {
        return compile(Path.of("."), argumentFile, sources);
    }

    /** Writes class files into {@code folder}. */
    static boolean compile(Path folder, Path argumentFile, String... sources)
            throws IOException {
        // A sandbox is used once: the compiler's environment need not be taken apart.
        System.setProperty("kotlin.environment.keepalive", "true");
        // Colours would need a native library, unpacked to a folder of executable files.
        System.setProperty("kotlin.colors.enabled", "false");

        // Filled in by hand: the compiler reads its command line slowly, by way of annotations.
        var arguments = new K2JVMCompilerArguments();
        arguments.setNoStdlib(true);
        arguments.setNoReflect(true);
        arguments.setDisableDefaultScriptingPlugin(true);
        arguments.setClasspath(LIBRARIES + ":" + REFLECTION + ":.");
        arguments.setDestination(folder.toString());
        arguments.setFreeArgs(List.of(sources));

        var messages = new ByteArrayOutputStream();
        var collector = new PrintingMessageCollector(
                new PrintStream(messages), MessageRenderer.PLAIN_RELATIVE_PATHS, false);
        var code = new K2JVMCompiler().exec(collector, Services.EMPTY, arguments);
        if (code != ExitCode.OK) {
            messages.writeTo(System.err);
            return false;
        }
        var mains = new MainClasses(sources);
        Files.walkFileTree(folder, mains);
        if (mains.best == null) {
            System.err.println("error: no main function found");
            return false;
        }
        var libraries = libraryArguments(mains.reflective);
        Files.writeString(argumentFile, libraries + mains.best.name + "\n");
        return true;
    }

    /**
     * On the class path, all jars would be searched for the program before the folder that it is
     * in; as trusted classes out of an archive, the libraries cost next to nothing. But Kotlin's
     * reflection asks for the library's class loader, and trusted classes have none.
     */
    private static String libraryArguments(boolean reflective) {
        return reflective
                ? "-classpath\n" + LIBRARIES + ":" + REFLECTION + ":.\n"
                : "-Xbootclasspath/a:" + LIBRARIES + "\n"
                        + "-XX:SharedArchiveFile=/opt/kotlin/run.jsa\n-classpath\n.\n";
    }

    /** Looks for classes that the java launcher can start, and keeps the best one. */
    private static final class MainClasses extends SimpleFileVisitor<Path> {
        /** Types of Kotlin's reflection, and references to functions and properties. */
        private static final Pattern REFLECTIVE = Pattern.compile(
                "kotlin/reflect/|kotlin/jvm/JvmClassMapping"
                        + "|kotlin/jvm/internal/(Reflection|\\w*Reference)");

        private final String[] sources;
        Candidate best;

        /** Whether a class may ask what kotlin-reflect answers. */
        boolean reflective;

        MainClasses(String[] sources) {
            this.sources = sources;
        }

        @Override
        public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
                throws IOException {
            if (file.toString().endsWith(".class")) {
                var type = ClassFile.of().parse(file);
                reflective |= isReflective(type);
                if (hasMain(type)) {
                    var candidate = candidate(type);
                    if (best == null || candidate.compareTo(best) < 0) {
                        best = candidate;
                    }
                }
            }
            return FileVisitResult.CONTINUE;
        }

        private static boolean isReflective(ClassModel type) {
            for (var entry : type.constantPool()) {
                if (entry instanceof Utf8Entry text
                        && REFLECTIVE.matcher(text.stringValue()).find()) {
                    return true;
                }
            }
            return false;
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
