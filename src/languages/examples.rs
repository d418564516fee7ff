//! What the programs in `examples/` must do. The conformance suite ([`conformance`](crate::conformance)) runs them.
//!
//! | example | what it does |
//! |---|---|
//! | `hello.*` | prints `Hello, world!`, and nothing else anywhere |
//! | `sample.*` | prints `Your name? ` without an end of line, reads a line, prints `Hello, NAME!`; the page shows it |
//! | `echo.*` | copies the lines of its input, then prints `end of input` |
//! | `count.*` | prints how many bytes its input has |
//! | `arguments.*` | prints each argument and then the variable `GREETING`, each on a line |
//! | `unicode.*` | reads a line and prints `Grüße, LINE!` |
//! | `two-files/` | a program of two files, started by the one with the language's source name: prints `from the other file` |
//! | `compile-error.*` | has a mistake in its second line |
//! | `runtime-error.*` | prints `before` and then fails in the line that says `fails here` in a comment |
//! | `exit-code.*` | prints `leaving` and exits with 7 |
//! | `crash.*` | ends by a signal |
//! | `loop.*` | prints `looping` and then computes for ever |
//! | `memory.*` | takes memory for ever |
//! | `flood.*` | prints the line `0123456789` for ever |

/// The cells of a language's row in the conformance matrix, in its order.
pub const CELLS: [&str; 17] = [
    "hello",
    "sample",
    "prompt",
    "echo",
    "end-of-input",
    "big-input",
    "arguments",
    "unicode",
    "two-files",
    "compile-error",
    "runtime-error",
    "error-line",
    "exit-code",
    "crash",
    "loop",
    "memory",
    "flood",
];
