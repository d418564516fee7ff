#include <cstdlib>
#include <iostream>

int main() {
    std::cout << "leaving\n";
    std::exit(7);
}
