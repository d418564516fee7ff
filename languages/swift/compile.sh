#!/bin/sh
# compile.sh FILE...: makes ./main of a program.
#
# swiftc starts the frontend twice and clang once besides itself, and ld reads all symbols of Swift's
# libraries, which takes four times as long as compiling. Here the frontend is called as swiftc would,
# and ld gets empty stand-ins of the libraries (see install.sh) and leaves the symbols to the dynamic
# linker, as it may in a shared object. That is done only where every symbol is known to be there.
set -f
swift=/usr/libexec/swift
here=/opt/swift
lib=/usr/lib/x86_64-linux-gnu
object=/tmp/main.o

# A program without statements outside of functions says so, also in a main.swift.
library=
if grep -q '^@main\>' "$@"; then
    library=-parse-as-library
fi

# Optimized, but with the checks and messages of a debug build. Frame pointers and line tables are for
# the backtrace of a crash.
"$swift/bin/swift-frontend" -frontend -c -module-name main $library -O -assert-config Debug \
    -gline-tables-only -Xcc -fno-omit-frame-pointer -target x86_64-pc-linux-gnu -disable-objc-interop \
    -resource-dir "$swift/lib/swift" -plugin-path "$swift/lib/swift/host/plugins" \
    -module-cache-path "$here/modules" -disable-modules-validate-system-headers \
    -o "$object" "$@" || exit

# The -l options that the imports ask for. swift-autolink-extract prints the same, in 40 ms.
libraries() {
    objcopy -O binary --only-section=.swift1_autolink_entries \
        --set-section-flags .swift1_autolink_entries=alloc "$object" /tmp/libraries &&
        tr '\0' ' ' < /tmp/libraries
}

# Fails at a symbol that is not Swift's (the compiler knows those to be there) and not in the list.
symbols_are_known() {
    nm --undefined-only "$object" | awk '
        FNR == NR { known[$1]; next }
        $1 == "U" && $2 !~ /^\$s/ && !($2 in known) { unknown = 1; exit }
        END { exit unknown }' "$here/symbols" -
}

link() {
    ld --hash-style=gnu --eh-frame-hdr -o main "$@" -rpath "$swift/lib/swift/linux" "$lib/Scrt1.o" \
        "$swift/lib/swift/linux/x86_64/swiftrt.o" "$here/prompts.o" "$object" \
        --no-as-needed $libraries -L"$lib" --as-needed -l:libm.so.6 -l:libc.so.6 -l:libgcc_s.so.1
}

libraries=$(libraries) || exit
symbols_are_known && link -shared -Bsymbolic -e _start -L"$here/stand-ins" 2>/dev/null ||
    link -pie -dynamic-linker /lib64/ld-linux-x86-64.so.2 -L"$swift/lib/swift/linux"
