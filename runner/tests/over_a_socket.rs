//! All that a plain process does, over a socket in place of standard input and output.

// With this crate's name, which tells the tests which of the two it is.
#[path = "process.rs"]
mod process;
