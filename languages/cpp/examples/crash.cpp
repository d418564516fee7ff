#include <iostream>
#include <stdexcept>

int main() {
    std::cout << "about to throw what nobody catches\n";
    throw std::runtime_error("nobody catches this");
}
