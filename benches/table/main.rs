//! One table of what dayfly's runs take, each row beside a yardstick that was measured in the same run and in turns with it,
//! so that whatever else the machine does meets both. Only the ratios mean something.
//!
//! Names of parts as arguments measure those only: `cargo bench --bench table -- hello echo`. A part that compares with
//! another's figure measures that as well.
#![expect(dead_code, unreachable_pub, reason = "the tests' support is shared")]
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "a benchmark fails by panicking and answers by printing"
)]

mod cache;
mod cold;
mod echo;
mod hello;
mod load;
mod machine;
mod memory;
mod naive;
mod output;
mod shell;
#[path = "../../tests/support/mod.rs"]
mod support;
mod table;
mod thin;
mod worlds;

use table::Table;

type Part = (&'static str, fn(&mut Table));

const PARTS: [Part; 9] = [
    ("hello", hello::measure),
    ("cache", cache::measure),
    ("cold", cold::measure),
    ("load", load::measure),
    ("worlds", worlds::measure),
    ("output", output::measure),
    ("echo", echo::measure),
    ("naive", naive::measure),
    ("memory", memory::measure),
];

fn main() {
    // cargo adds an option of its own.
    let wanted: Vec<_> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    if let Some(unknown) = wanted.iter().find(|name| PARTS.iter().all(|(part, _)| part != name)) {
        panic!("there is no part {unknown:?}; there are {:?}", PARTS.map(|(name, _)| name));
    }
    let mut table = Table::default();
    for (name, measure) in PARTS {
        if wanted.is_empty() || wanted.iter().any(|part| part == name) {
            measure(&mut table);
        }
    }
    println!("{}\n", machine::description());
    println!("{table}");
}
