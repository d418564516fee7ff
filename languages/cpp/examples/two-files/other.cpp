#include <iostream>

void greet() {
    std::cout << "from the other file\n";
}
