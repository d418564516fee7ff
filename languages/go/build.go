// Build makes the program ./main of Go files, as `go build -o main FILES` does, by starting the
// compiler and the linker itself: with all packages of the standard library compiled beforehand,
// what the go command finds out about them on every build is known.
package main

import (
	"fmt"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
)

const (
	compiler = "/usr/local/lib/go/compile"
	linker   = "/usr/local/lib/go/link"

	// Where the compiled packages are: those that programs may import, and all.
	public   = "/usr/local/lib/go/public.importcfg"
	complete = "/usr/local/lib/go/complete.importcfg"

	object = "main.a"
)

func main() {
	files := goFiles(os.Args[1:])
	if len(files) == 0 {
		fail("there is no Go file")
	}
	if name := packageName(files[0]); name != "" && name != "main" {
		fail(fmt.Sprintf("%s:1:1: package %s; expected package main", files[0], name))
	}

	compile := exec.Command(compiler, append([]string{
		"-p=main", "-complete", "-dwarf=false", "-c=1", "-importcfg=" + public, "-o=" + object,
	}, files...)...)
	if messages, err := compile.CombinedOutput(); err != nil {
		fail(strings.TrimSpace(explain(string(messages))))
	}

	err := syscall.Exec(linker, []string{
		"link", "-s", "-w", "-buildmode=exe", "-importcfg=" + complete, "-o=main", object,
	}, os.Environ())
	fail(err.Error())
}

// GoFiles returns the files as the go command would name them, without those of tests.
func goFiles(names []string) []string {
	var files []string
	for _, name := range names {
		if !strings.HasSuffix(name, "_test.go") {
			files = append(files, "./"+name)
		}
	}
	return files
}

// PackageName returns what the package clause of a file says, or nothing where it has a mistake,
// which is the compiler's to report. The compiler itself accepts any name.
func packageName(file string) string {
	syntax, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.PackageClauseOnly)
	if err != nil {
		return ""
	}
	return syntax.Name.Name
}

var unknownImport = regexp.MustCompile(`(?m)could not import (\S+) \(open : no such file or directory\)$`)

// Explain says in what the compiler reports what the go command would have said about imports.
func explain(messages string) string {
	return unknownImport.ReplaceAllStringFunc(messages, func(message string) string {
		path := unknownImport.FindStringSubmatch(message)[1]
		switch {
		case path == "C":
			return `import "C": there is no cgo here`
		case strings.HasPrefix(path, "internal/") || strings.Contains(path, "/internal/"):
			return "use of internal package " + path + " not allowed"
		default:
			return "package " + path + " is not in std, and there are no other packages here"
		}
	})
}

func fail(message string) {
	fmt.Fprintln(os.Stderr, message)
	os.Exit(1)
}
