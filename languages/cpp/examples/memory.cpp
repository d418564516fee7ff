#include <list>
#include <vector>

int main() {
    std::list<std::vector<int>> pieces;
    for (;;) {
        pieces.emplace_back(1'000'000, 1);
    }
}
