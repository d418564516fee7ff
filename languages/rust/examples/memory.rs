fn main() {
    let mut pieces = Vec::new();
    loop {
        pieces.push(vec![1u8; 4 << 20]);
    }
}
