#include <iostream>

int main() {
    std::cout << "looping" << std::endl;
    for (volatile unsigned long turns = 0;;) {
        turns = turns + 1;
    }
}
