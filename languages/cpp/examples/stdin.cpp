#include <iostream>
#include <string>

int main() {
    std::string line;
    std::getline(std::cin, line);
    std::cout << std::string(line.rbegin(), line.rend()) << '\n';
}
