use std::hint;

fn main() {
    println!("looping");
    loop {
        hint::spin_loop();
    }
}
