import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.TaskEvent;
import com.sun.source.util.TaskListener;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import javax.lang.model.element.ExecutableElement;
import javax.lang.model.element.Modifier;
import javax.lang.model.element.TypeElement;
import javax.lang.model.type.TypeKind;
import javax.lang.model.type.TypeMirror;
import javax.lang.model.util.ElementFilter;
import javax.lang.model.util.Elements;
import javax.tools.ForwardingJavaFileObject;
import javax.tools.JavaFileManager;
import javax.tools.JavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/**
 * Compiles Java programs whatever their files, classes and packages are called, and says which
 * class to run: {@code java Compile ARGUMENT-FILE SOURCE...}.
 *
 * <p>It is javac but for three things. A public class may live in a file of another name, as
 * programs that people paste often do. A program that compiles makes no noise: warnings and notes
 * are shown only beside errors. And the main class is found and written to ARGUMENT-FILE, so that
 * {@code java @ARGUMENT-FILE} runs the program.
 */
final class Compile {
    private static final List<String> OPTIONS = List.of(
            "-d", ".",
            // Or it would be the class path of this compiler.
            "-classpath", ".",
            // Names of variables, for the messages of null pointer exceptions.
            "-g",
            "-proc:none",
            // Class files, not the sources beside them: all of these are named on the command line.
            "-implicit:none",
            // Concatenation by bootstrap method costs a short program some milliseconds.
            "-XDstringConcat=inline");

    public static void main(String[] arguments) throws IOException {
        var sources = Arrays.copyOfRange(arguments, 1, arguments.length);
        if (!compile(Path.of(arguments[0]), sources)) {
            System.exit(1);
        }
    }

    static boolean compile(Path argumentFile, String... paths) throws IOException {
        var files = standardFiles();
        return compile(files, files, argumentFile, paths);
    }

    static StandardJavaFileManager standardFiles() {
        return ToolProvider.getSystemJavaCompiler()
                .getStandardFileManager(null, Locale.ROOT, StandardCharsets.UTF_8);
    }

    /** Reads what {@code files} has, and writes class files to {@code output}. */
    static boolean compile(
            StandardJavaFileManager files, JavaFileManager output, Path argumentFile, String... paths)
            throws IOException {
        var names = new ArrayList<String>();
        var sources = new ArrayList<JavaFileObject>();
        for (var source : files.getJavaFileObjects(paths)) {
            names.add(source.getName());
            sources.add(new AnyName(source));
        }

        var messages = new StringWriter();
        var task = (JavacTask) ToolProvider.getSystemJavaCompiler().getTask(
                new PrintWriter(messages), output, null, OPTIONS, null, sources);
        var mains = new MainClasses(task.getElements(), names);
        task.addTaskListener(mains);
        if (!task.call()) {
            System.err.print(messages);
            return false;
        }
        if (mains.best() == null) {
            System.err.println("error: no class has a main method");
            return false;
        }
        Files.writeString(argumentFile, "-classpath\n.\n" + mains.best() + "\n");
        return true;
    }

    /** A source file in which a public class of any name may be declared. */
    private static final class AnyName extends ForwardingJavaFileObject<JavaFileObject> {
        AnyName(JavaFileObject file) {
            super(file);
        }

        @Override
        public boolean isNameCompatible(String simpleName, Kind kind) {
            return true;
        }
    }

    /** Watches for classes that the java launcher can start, and keeps the best one. */
    private static final class MainClasses implements TaskListener {
        private final Elements elements;
        private final List<String> files;
        private Candidate best;

        MainClasses(Elements elements, List<String> files) {
            this.elements = elements;
            this.files = files;
        }

        /** The binary name of the class to run; null where there is none. */
        String best() {
            return best == null ? null : best.name;
        }

        @Override
        public void finished(TaskEvent event) {
            if (event.getKind() == TaskEvent.Kind.ANALYZE) {
                var unit = event.getCompilationUnit();
                var type = event.getTypeElement();
                var file = event.getSourceFile().getName();
                consider(type, files.indexOf(file), 0, position(type, unit));
            }
        }

        private void consider(TypeElement type, int file, int depth, int position) {
            var kind = kindOfMain(type);
            if (kind != null) {
                var name = elements.getBinaryName(type).toString();
                var namesake = type.getSimpleName().contentEquals(stem(files.get(file)));
                var candidate = new Candidate(file, depth, !namesake, kind, position, name);
                if (best == null || candidate.compareTo(best) < 0) {
                    best = candidate;
                }
            }
            for (var nested : ElementFilter.typesIn(type.getEnclosedElements())) {
                consider(nested, file, depth + 1, position);
            }
        }

        /** The analysis takes classes out of order where one extends another. */
        private static int position(TypeElement type, CompilationUnitTree unit) {
            var position = 0;
            for (var tree : unit.getTypeDecls()) {
                if (tree instanceof ClassTree declared
                        && declared.getSimpleName().equals(type.getSimpleName())) {
                    break;
                }
                position++;
            }
            return position;
        }

        private static String stem(String file) {
            var name = Path.of(file).getFileName().toString();
            return name.substring(0, name.length() - JavaFileObject.Kind.SOURCE.extension.length());
        }

        /** Follows the launch protocol of the Java Language Specification, 12.1.4. */
        private MainKind kindOfMain(TypeElement type) {
            MainKind found = null;
            for (var method : ElementFilter.methodsIn(elements.getAllMembers(type))) {
                if (isMain(method)) {
                    if (method.getModifiers().contains(Modifier.STATIC)) {
                        return MainKind.STATIC;
                    }
                    if (hasPlainConstructor(type)) {
                        found = MainKind.INSTANCE;
                    }
                }
            }
            return found;
        }

        private static boolean isMain(ExecutableElement method) {
            return method.getSimpleName().contentEquals("main")
                    && method.getReturnType().getKind() == TypeKind.VOID
                    && !method.getModifiers().contains(Modifier.PRIVATE)
                    && (method.getParameters().isEmpty()
                            || method.getParameters().size() == 1
                                    && isStrings(method.getParameters().get(0).asType()));
        }

        private static boolean isStrings(TypeMirror type) {
            return type.toString().equals("java.lang.String[]");
        }

        private static boolean hasPlainConstructor(TypeElement type) {
            if (type.getModifiers().contains(Modifier.ABSTRACT)) {
                return false;
            }
            for (var constructor : ElementFilter.constructorsIn(type.getEnclosedElements())) {
                if (constructor.getParameters().isEmpty()
                        && !constructor.getModifiers().contains(Modifier.PRIVATE)) {
                    return true;
                }
            }
            return false;
        }
    }

    /** The order of fields is the order of preference. */
    private record Candidate(
            int file, int depth, boolean otherName, MainKind kind, int position, String name)
            implements Comparable<Candidate> {
        /** Spelled out, since a chain of comparators takes its time on its first use. */
        @Override
        public int compareTo(Candidate other) {
            if (file != other.file) {
                return Integer.compare(file, other.file);
            }
            if (depth != other.depth) {
                return Integer.compare(depth, other.depth);
            }
            if (otherName != other.otherName) {
                return Boolean.compare(otherName, other.otherName);
            }
            if (kind != other.kind) {
                return kind.compareTo(other.kind);
            }
            return Integer.compare(position, other.position);
        }
    }

    private enum MainKind { STATIC, INSTANCE }
}
