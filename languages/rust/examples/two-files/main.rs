mod helper;

fn main() {
    helper::greet();
}
