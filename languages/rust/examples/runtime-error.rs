fn element(numbers: &[i32], i: usize) -> i32 {
    numbers[i] // fails here
}

fn main() {
    println!("before");
    println!("{}", element(&[1, 2, 3], 3));
}
