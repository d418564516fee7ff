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
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Compiles Scala programs and says which class to run: {@code java Compile ARGUMENT-FILE
 * SOURCE...}. The compiler of Scala 2 and that of Scala 3 are asked alike.
 *
 * <p>It is scalac but for two things. A program that compiles makes no noise: warnings are shown
 * only beside errors. And the main class is found and written to ARGUMENT-FILE, so that
 * {@code java @ARGUMENT-FILE} runs the program. {@code java Compile --version} tells the version
 * of the compiler.
 */
final class Compile {
    /** The class with the compiler's entry point. */
    private static final String COMPILER = System.getProperty("scala.compiler");

    /** An option that only this compiler has. */
    private static final List<String> OPTIONS =
            System.getProperty("scala.options", "").lines().toList();

    /** The class path of Scala's own library. */
    private static final String LIBRARIES = System.getProperty("scala.libraries");

    private static final PrintStream STANDARD_ERROR = System.err;
    private static final ByteArrayOutputStream MESSAGES = new ByteArrayOutputStream();

    static {
        // Before the first use of Scala's console, which keeps what it finds here.
        var messages = new PrintStream(MESSAGES, true);
        System.setOut(messages);
        System.setErr(messages);
    }

    public static void main(String[] arguments) throws Exception {
        if (arguments[0].equals("--version")) {
            runCompiler(new String[] {"-version"});
            MESSAGES.writeTo(STANDARD_ERROR);
            return;
        }
        var sources = Arrays.copyOfRange(arguments, 1, arguments.length);
        var success = compile(Path.of(arguments[0]), sources);
        System.err.flush();
        // Nothing is left to tidy up.
        Runtime.getRuntime().halt(success ? 0 : 1);
    }

    static boolean compile(Path argumentFile, String... sources) throws Exception {
        return compile(Path.of("."), argumentFile, sources);
    }

    /** Writes class files into {@code folder}. */
    static boolean compile(Path folder, Path argumentFile, String... sources)
            throws Exception {
        var arguments = new ArrayList<>(
                List.of("-d", folder.toString(), "-classpath", LIBRARIES + ":."));
        arguments.addAll(OPTIONS);
        arguments.addAll(List.of(sources));
        MESSAGES.reset();
        if (!runCompiler(arguments.toArray(String[]::new))) {
            MESSAGES.writeTo(STANDARD_ERROR);
            return false;
        }
        var mains = new MainClasses(sources);
        Files.walkFileTree(folder, mains);
        if (mains.best == null) {
            STANDARD_ERROR.println("error: no main method found");
            return false;
        }
        // With the library on the class path, its jars would be searched for the program before
        // the folder that it is in. Its classes need no verification either.
        Files.writeString(
                argumentFile,
                "-Xbootclasspath/a:" + LIBRARIES + "\n-classpath\n.\n" + mains.best.name + "\n");
        return true;
    }

    /** Scala 2 answers whether it went well, Scala 3 with a reporter that knows of errors. */
    private static boolean runCompiler(String[] arguments) throws ReflectiveOperationException {
        var process = Class.forName(COMPILER).getMethod("process", String[].class);
        var answer = process.invoke(null, (Object) arguments);
        if (answer instanceof Boolean success) {
            return success;
        }
        return !(boolean) answer.getClass().getMethod("hasErrors").invoke(answer);
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
                    var candidate = candidate(file, type);
                    if (best == null || candidate.compareTo(best) < 0) {
                        best = candidate;
                    }
                }
            }
            return FileVisitResult.CONTINUE;
        }

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

        private Candidate candidate(Path file, ClassModel type) throws IOException {
            var name = type.thisClass().asInternalName().replace('/', '.');
            var source = type.findAttribute(Attributes.sourceFile());
            var fileName = source.isEmpty() ? "" : source.get().sourceFile().stringValue();
            var otherName = !fileName.equals(name.substring(name.lastIndexOf('.') + 1) + ".scala");
            // The class of an object has static companions of its methods, without line numbers;
            // the object itself is in a class with a dollar sign.
            var object = Path.of(file.toString().replaceAll("[.]class$", "\\$.class"));
            var line = firstLine(Files.exists(object) ? ClassFile.of().parse(object) : type);
            return new Candidate(position(fileName), otherName, line, name);
        }

        private static int firstLine(ClassModel type) {
            var first = Integer.MAX_VALUE;
            for (var method : type.methods()) {
                var code = method.findAttribute(Attributes.code());
                var table = code.flatMap(it -> it.findAttribute(Attributes.lineNumberTable()));
                if (table.isPresent()) {
                    for (var entry : table.get().lineNumbers()) {
                        first = Math.min(first, entry.lineNumber());
                    }
                }
            }
            return first;
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

    /** The order of fields is the order of preference. */
    private record Candidate(int source, boolean otherName, int line, String name)
            implements Comparable<Candidate> {
        @Override
        public int compareTo(Candidate other) {
            if (source != other.source) {
                return Integer.compare(source, other.source);
            }
            if (otherName != other.otherName) {
                return Boolean.compare(otherName, other.otherName);
            }
            if (line != other.line) {
                return Integer.compare(line, other.line);
            }
            return name.compareTo(other.name);
        }
    }
}
