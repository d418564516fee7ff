/* The `dotnet` command, which no package carries: starts the host library, whose public entry point does the work. */
#include <dlfcn.h>
#include <stdio.h>

#define ROOT "/usr/share/dotnet/"

typedef int (*host_main)(int argc, const char **argv, const char *host, const char *root, const char *app);

int main(int argc, const char **argv) {
    void *library = dlopen(ROOT "host/fxr/" VERSION "/libhostfxr.so", RTLD_NOW);
    host_main start = library ? (host_main)dlsym(library, "hostfxr_main_startupinfo") : NULL;
    if (!start) {
        fprintf(stderr, "dotnet: %s\n", dlerror());
        return 127;
    }
    return start(argc, argv, ROOT "dotnet", ROOT, ROOT "dotnet.dll");
}
