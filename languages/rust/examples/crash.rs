use std::process;

fn main() {
    println!("about to abort");
    process::abort();
}
