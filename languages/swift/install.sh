#!/bin/sh
# Runs while the image is built, in /opt/swift: makes what compile.sh needs.
set -eu
libraries=/usr/libexec/swift/lib/swift/linux

# Per library a shared object with its name inside and nothing else.
mkdir stand-ins
: | as -o empty.o
for library in "$libraries"/*.so; do
    ld -shared -soname "${library##*/}" -o "stand-ins/${library##*/}" empty.o
done
rm empty.o

# The symbols of these libraries and of C's that are not Swift declarations.
{
    echo _GLOBAL_OFFSET_TABLE_
    nm -D --defined-only --format=just-symbols "$libraries"/*.so \
        /lib/x86_64-linux-gnu/libm.so.6 /lib/x86_64-linux-gnu/libc.so.6 /lib/x86_64-linux-gnu/libgcc_s.so.1
} | sed '/^\$s/d; s/@.*//' | grep . | sort -u > symbols

# Compiles the C headers behind all modules into /opt/swift/modules once.
for module in "$libraries"/[!_]*.swiftmodule Dispatch; do
    module=${module##*/}
    echo "import ${module%.swiftmodule}"
done > main.swift
(cd /tmp && sh /opt/swift/compile.sh /opt/swift/main.swift && rm main main.o libraries)
rm main.swift
chmod -R a+rX modules
