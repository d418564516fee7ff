#include "Rts.h"

extern StgClosure prompts_Prompts_main_closure;

/* What is linked is a shared object, since only that may leave symbols to the dynamic linker
 * (see link.sh). Its own .interp section makes it a program that can be started. */
const char interpreter[] __attribute__((section(".interp"), used)) = "/lib64/ld-linux-x86-64.so.2";

int main(int argc, char *argv[])
{
    RtsConfig config = defaultRtsConfig;

    /* At exit the runtime waits for its timer's next tick. 2 ms between ticks instead of 10 make that
     * wait short; threads are still switched every 20 ms. Without a timer, -V0, a program with a
     * sleeping thread would ask the kernel for the time at every 4 KB that it allocates. */
    config.rts_opts = "-V0.002";
    return hs_main(argc, argv, &prompts_Prompts_main_closure, config);
}
