#include <cstdlib>
#include <iostream>

int main(int argc, char* argv[]) {
    for (int i = 1; i < argc; i++) {
        std::cout << argv[i] << '\n';
    }
    const char* greeting = std::getenv("GREETING");
    std::cout << (greeting ? greeting : "no greeting") << '\n';
}
