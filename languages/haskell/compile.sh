#!/bin/sh
# compile.sh FILE: makes ./main of the program whose module Main is in FILE.
#
# `ghc FILE -o main` spends three quarters of its time on linking: it starts gcc four times, and ld
# reads every symbol of GHC's libraries. Here ld gets empty stand-ins of the libraries instead (see
# install.sh) and leaves the symbols to the dynamic linker, as it may in a shared object. That is done
# only where every symbol is known to be there; ghc links, or says what is wrong, in all other cases.
set -f
here=/opt/haskell
objects=/tmp/objects.$$
start="$here/start.o $here/Prompts.o"

ghc() {
    # -A64m: most programs are compiled before the first garbage collection would be due.
    /usr/lib/ghc/bin/ghc -B/usr/lib/ghc/lib -v0 -dynamic -O -fno-ignore-asserts \
        -outputdir "$objects" "$@" +RTS -A64m
}

# Prints -l options for the libraries that the object files use, or fails at a symbol of no library.
# A Haskell symbol tells its library, base_GHCziShow_show_info, unless it is one of the program itself.
libraries() {
    nm --undefined-only "$@" | awk '
        FNR == NR { provided[$1]; next }
        $1 != "U" || $2 in provided || $2 ~ /^[A-Z]/ { next }
        !match($2, /^[a-z][A-Za-z0-9]*_[A-Z]/) { unknown = 1; exit }
        { used[substr($2, 1, RLENGTH - 2)] }
        END { for (library in used) print "-l" library; exit unknown }' "$here/symbols" -
}

ghc -no-link "$1" || exit
if [ ! -e "$objects/Main.o" ]; then
    ghc -o main "$1" # fails: there is no module Main
    exit
fi
files=$(find "$objects" -name '*.o')
if libraries=$(libraries $files) &&
    ld -shared -Bsymbolic -s --hash-style=gnu -e _start -o main /usr/lib/x86_64-linux-gnu/Scrt1.o \
        $start $files -L"$here/stand-ins" -rpath "$here/libraries" $libraries -lbase -lrts \
        --as-needed -l:libm.so.6 -l:libc.so.6 2>/dev/null
then
    exit
fi
ghc -no-hs-main -optl-s -o main "$1" $start
