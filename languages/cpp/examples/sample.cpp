#include <iostream>
#include <string>

int main() {
    std::string name;

    std::cout << "Your name? ";
    std::getline(std::cin, name);  // the whole line, blanks and all

    std::cout << "Hello, " << name << "!\n";
}
