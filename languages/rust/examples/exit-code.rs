use std::process;

fn main() {
    println!("leaving");
    process::exit(7);
}
