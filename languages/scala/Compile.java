import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.classfile.Attributes;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.MethodModel;
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
 * {@code java @ARGUMENT-FILE} runs the program. {@code java Compile --version} tells the compiler's.
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
        var arguments = new ArrayList<>(List.of("-d", ".", "-classpath", LIBRARIES + ":."));
        arguments.addAll(OPTIONS);
        arguments.addAll(List.of(sources));
        MESSAGES.reset();
        if (!runCompiler(arguments.toArray(String[]::new))) {
            MESSAGES.writeTo(STANDARD_ERROR);
            return false;
        }
        var mains = new MainClasses(sources);
        Files.walkFileTree(Path.of("."), mains);
        if (mains.best == null) {
            STANDARD_ERROR.println("error: no main method found");
            return false;
        }
        Files.writeString(
                argumentFile, "-classpath\n" + LIBRARIES + ":.\n" + mains.best.name + "\n");
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
                var main = mainMethod(type);
                if (main != null) {
                    var candidate = candidate(type, main);
                    if (best == null || candidate.compareTo(best) < 0) {
                        best = candidate;
                    }
                }
            }
            return FileVisitResult.CONTINUE;
        }

        /** Methods of an object have static companions in a class without the dollar sign. */
        private static MethodModel mainMethod(ClassModel type) {
            for (var method : type.methods()) {
                if (method.methodName().equalsString("main")
                        && method.methodType().equalsString("([Ljava/lang/String;)V")
                        && (method.flags().flagsMask() & ClassFile.ACC_STATIC) != 0) {
                    return method;
                }
            }
            return null;
        }

        private Candidate candidate(ClassModel type, MethodModel main) {
            var name = type.thisClass().asInternalName().replace('/', '.');
            var source = type.findAttribute(Attributes.sourceFile());
            var fileName = source.isEmpty() ? "" : source.get().sourceFile().stringValue();
            var otherName = !fileName.equals(name.substring(name.lastIndexOf('.') + 1) + ".scala");
            return new Candidate(position(fileName), otherName, line(main), name);
        }

        /** The first line of a method, 0 where it is not known. */
        private static int line(MethodModel method) {
            var code = method.findAttribute(Attributes.code());
            if (code.isEmpty()) {
                return 0;
            }
            var lines = code.get().findAttribute(Attributes.lineNumberTable());
            return lines.isEmpty() ? 0 : lines.get().lineNumbers().get(0).lineNumber();
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
