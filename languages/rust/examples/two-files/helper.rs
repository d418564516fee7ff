pub fn greet() {
    println!("from the other file");
}
