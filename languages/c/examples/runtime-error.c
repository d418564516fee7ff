#include <assert.h>
#include <stdio.h>

static int average(int sum, int count) {
    assert(count > 0);  // fails here
    return sum / count;
}

int main(void) {
    puts("before");
    printf("%d\n", average(10, 0));
    return 0;
}
