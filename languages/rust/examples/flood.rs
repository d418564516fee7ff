fn main() {
    loop {
        println!("0123456789");
    }
}
