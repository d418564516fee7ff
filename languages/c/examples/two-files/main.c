void greet(void);  // in other.c

int main(void) {
    greet();
    return 0;
}
