#!/bin/sh
# Runs while the image is built, in /opt/haskell: makes what compile.sh needs, then takes away of GHC
# what programs do not.
set -eu
libraries=$(ghc --print-libdir)/x86_64-linux-ghc-$(ghc --numeric-version)
ln -s "$libraries" libraries

ghc -v0 -O -dynamic -fPIC -Wall -Werror -this-unit-id prompts -c Prompts.hs
gcc -O2 -fPIC -Wall -Werror -I"$(echo libraries/rts-*/include)" -c start.c
rm Prompts.hi

# Per library a shared object with its name inside and nothing else, called by what its symbols start
# with: libcontainerszm0zi6zi7.so for containers-0.6.7. GHC's own packages have no version in there.
mkdir stand-ins
: | as -o empty.o
for library in libraries/libHS*-ghc*.so; do
    soname=${library##*/}
    unit=${soname#libHS}
    unit=${unit%-ghc*.so}
    case $unit in
    *_thr | *_debug) continue ;;
    rts-* | base-* | ghc-prim-* | ghc-bignum-* | template-haskell-*) unit=${unit%-*} ;;
    esac
    ld -shared -soname "$soname" -o "stand-ins/lib$(echo "$unit" | sed 's/z/zz/g; s/-/zm/g; s/\./zi/g').so" empty.o
done
rm empty.o

# The symbols that do not tell their library: the runtime's, which is always linked, C's and ld's own.
{
    echo _GLOBAL_OFFSET_TABLE_
    nm -D --defined-only --format=just-symbols libraries/libHSrts-*[0-9]-ghc*.so \
        /lib/x86_64-linux-gnu/libm.so.6 /lib/x86_64-linux-gnu/libc.so.6
} | sed 's/@.*//' | grep . | sort -u > symbols

# Programs are linked with the shared libraries. The GHC API and Cabal are for tools; without them in
# the package database every compilation starts sooner, too.
for package in libiserv ghci ghc Cabal Cabal-syntax; do
    ghc-pkg unregister --force "$package"
    rm -rf libraries/"$package"-[0-9]*
done
rm -f libraries/libHSCabal* libraries/libHSlibiserv* /usr/lib/ghc/bin/haddock* /usr/lib/ghc/bin/ghc-iserv*
rm -rf /usr/lib/ghc/lib/html /usr/lib/ghc/lib/latex
find libraries/ \( -name '*.a' -o -name '*.hi' -o -name '*_debug-ghc*.so' \) -delete

# Of gcc, GHC wants the compiler for C, without link-time optimization, sanitizers and profiler.
rm -f /usr/libexec/gcc/*/*/lto1 /usr/lib/gcc/*/*/lib*san.a /usr/lib/x86_64-linux-gnu/lib*san.so.* \
    /usr/lib/x86_64-linux-gnu/libgprofng.so.*
