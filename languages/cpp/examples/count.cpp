#include <iostream>

int main() {
    long bytes = 0;
    while (std::cin.get() != EOF) bytes++;
    std::cout << bytes << '\n';
}
