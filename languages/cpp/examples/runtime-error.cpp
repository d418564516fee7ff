#include <cassert>
#include <iostream>
#include <vector>

double average(const std::vector<int>& numbers) {
    assert(!numbers.empty());  // fails here
    double sum = 0;
    for (int number : numbers) sum += number;
    return sum / numbers.size();
}

int main() {
    std::cout << "before\n";
    std::cout << average({}) << '\n';
}
