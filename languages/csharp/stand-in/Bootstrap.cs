// Compiles the compiler command where no C# compiler that could do so exists yet: Bootstrap.dll SOURCE OUTPUT REFERENCE...
//
// Mono's old compiler builds this file against .NET's own assemblies. It cannot read `ReadOnlySpan`, so no call here may
// be to a method that has an overload with one.

using System;
using System.Collections.Generic;
using System.IO;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

static class Bootstrap
{
    static int Main(string[] arguments)
    {
        var source = CSharpSyntaxTree.ParseText(File.ReadAllText(arguments[0]));
        var references = new List<MetadataReference>();
        for (int i = 2; i < arguments.Length; i++)
            references.Add(MetadataReference.CreateFromFile(arguments[i]));

        var options = new CSharpCompilationOptions(
            OutputKind.ConsoleApplication,
            optimizationLevel: OptimizationLevel.Release,
            nullableContextOptions: NullableContextOptions.Enable);
        var result = CSharpCompilation.Create("Compile", new[] { source }, references, options).Emit(arguments[1]);
        foreach (var diagnostic in result.Diagnostics) Console.WriteLine(diagnostic);
        return result.Success ? 0 : 1;
    }
}
