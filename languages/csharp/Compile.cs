// A C# compiler command on Roslyn's public API: `dotnet exec Compile.dll FILE...` makes one main.dll of all files.
//
// A program means here what it means in a console project under `dotnet run`, which itself takes seconds: top-level
// statements, the SDK's implicit usings, `unsafe`, DEBUG and TRACE, and line numbers in stack traces. The code is
// optimised. Warnings are not shown.
//
// `dotnet exec Compile.dll --parked FILE...` starts before there is a program: the first file is a FIFO until then.

using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection.PortableExecutable;
using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Emit;
using Microsoft.CodeAnalysis.Text;

static class Compile
{
    const string ImplicitUsings = """
        global using System;
        global using System.Collections.Generic;
        global using System.IO;
        global using System.Linq;
        global using System.Net.Http;
        global using System.Threading;
        global using System.Threading.Tasks;
        """;

    // Compiled before there is a program, so that the compiler is loaded and in part machine code by then.
    const string Short = """
        var people = new List<(string Name, int Age)> { ("Ada", 36), ("Grace", 45) };
        foreach (var (name, age) in people.Where(person => person.Age > 40))
            Console.WriteLine($"Hello, {name}!");
        var numbers = Console.ReadLine()!.Split(' ').Select(int.Parse).ToArray();
        Console.WriteLine(new Counter(numbers.Sum()).Next());

        class Counter
        {
            int count;
            public Counter(int start) { count = start; }
            public int Next() => ++count;
        }
        """;

    static int Main(string[] arguments)
    {
        var references = References();
        if (arguments[0] != "--parked")
            return Program(arguments, references);

        var text = SourceText.From(Short, Encoding.UTF8);
        var warm = Emit([CSharpSyntaxTree.ParseText(text, Parsing, "short.cs")], references, Stream.Null);
        if (!warm.Success) throw new InvalidOperationException(string.Join('\n', warm.Diagnostics));
        // Ends when whoever writes the FIFO is done. Then a regular file has its name.
        using (var fifo = File.OpenRead(arguments[1])) fifo.CopyTo(Stream.Null);
        return Program(arguments[1..], references);
    }

    static int Program(string[] files, MetadataReference[] references)
    {
        using var program = new MemoryStream();
        var result = Emit(files.Select(Parse), references, program);
        if (!result.Success)
        {
            var errors = result.Diagnostics
                .Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error)
                .OrderBy(diagnostic => Array.IndexOf(files, diagnostic.Location.SourceTree?.FilePath))
                .ThenBy(diagnostic => diagnostic.Location.SourceSpan.Start);
            foreach (var error in errors) Console.Error.WriteLine(error);
            return 1;
        }
        File.WriteAllBytes("main.dll", program.ToArray());
        return 0;
    }

    static readonly CSharpParseOptions Parsing = new(
        documentationMode: DocumentationMode.None,
        preprocessorSymbols: Symbols());

    static EmitResult Emit(IEnumerable<SyntaxTree> sources, MetadataReference[] references, Stream program)
    {
        // Annotations such as `string?` are understood, but nobody sees the warnings of the analysis behind them.
        var options = new CSharpCompilationOptions(
            OutputKind.ConsoleApplication,
            optimizationLevel: OptimizationLevel.Release,
            allowUnsafe: true,
            concurrentBuild: false,
            generalDiagnosticOption: ReportDiagnostic.Suppress,
            warningLevel: 0,
            nullableContextOptions: NullableContextOptions.Annotations);
        var trees = sources.Append(CSharpSyntaxTree.ParseText(ImplicitUsings, Parsing));
        var compilation = CSharpCompilation.Create("main", trees, references, options);
        return compilation.Emit(
            program, options: new EmitOptions(debugInformationFormat: DebugInformationFormat.Embedded));
    }

    static SyntaxTree Parse(string file)
    {
        using var stream = File.OpenRead(file);
        return CSharpSyntaxTree.ParseText(SourceText.From(stream), Parsing, file);
    }

    // What the SDK defines for a debug build: DEBUG, TRACE, NET, NET9_0, NET5_0_OR_GREATER and so on.
    static IEnumerable<string> Symbols()
    {
        int version = Environment.Version.Major;
        var versions = Enumerable.Range(5, version - 4).Select(older => $"NET{older}_0_OR_GREATER");
        return [.. versions, $"NET{version}_0", "NET", "NETCOREAPP", "DEBUG", "TRACE"];
    }

    // The SDK's reference assemblies where there is an SDK, the runtime's own assemblies otherwise.
    static MetadataReference[] References()
    {
        string runtime = Path.GetDirectoryName(typeof(object).Assembly.Location)!;
        string packs = Path.Combine(runtime, "../../../packs/Microsoft.NETCore.App.Ref");
        string folder = Directory.Exists(packs)
            ? Path.Combine(Directory.GetDirectories(packs).Max()!, $"ref/net{Environment.Version.Major}.0")
            : runtime;
        return Directory.GetFiles(folder, "*.dll").Select(Reference).ToArray();
    }

    // Not MetadataReference.CreateFromFile: that one reads whole files, with the runtime's 60 MB of machine code.
    static MetadataReference Reference(string file)
    {
        var module = ModuleMetadata.CreateFromStream(File.OpenRead(file), PEStreamOptions.PrefetchMetadata);
        return AssemblyMetadata.Create(module).GetReference(filePath: file);
    }
}
