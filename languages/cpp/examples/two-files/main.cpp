void greet();  // in other.cpp

int main() {
    greet();
}
