use std::io;

fn main() -> io::Result<()> {
    print!("Your name? ");
    let mut name = String::new();
    io::stdin().read_line(&mut name)?;

    // What was read ends with the newline.
    println!("Hello, {}!", name.trim_end());
    Ok(())
}
