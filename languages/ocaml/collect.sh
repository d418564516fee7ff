#!/bin/sh
# collect.sh FOLDER: copies what compile.sh needs, without bytecode, gcc and documentation.
set -eu
libraries=$(ocamlopt -where)
system=/usr/lib/x86_64-linux-gnu
here=$1/opt/ocaml

mkdir -p "$1/usr/bin" "$1$libraries" "$here"
for program in ocamlopt x86_64-linux-gnu-as mold; do
    path=$(readlink -f "$(command -v "$program")")
    cp "$path" "$1/usr/bin/$program"
    for library in $(ldd "$path" | sed -n "s|.* => .*/\(lib.*\) (.*|\1|p"); do
        case $(dpkg-query --search "*/$library") in
        libc6:* | libgcc-s1:* | libstdc++6:* | zlib1g:*) continue ;; # in the base
        esac
        cp --parents "$system/$library" "$1"
    done
done
strip "$1/usr/bin/ocamlopt"

cd "$libraries"
cp --parents -t "$1$libraries" stdlib.a stdlib.cmxa std_exit.cmx std_exit.o libasmrun.a *.cmi *.cmx \
    lib*nat.a unix/*.cm[ix] unix/*.cmxa unix/*.a str/*.cm[ix] str/*.cmxa str/*.a threads/*.cm[ix] \
    threads/*.cmxa threads/*.a

gcc -O2 -Wall -Werror -fPIC -I"$libraries" -o "$here/prompts.o" -c /tmp/prompts.c
# Of libc6-dev, linking takes this one file and the libraries' names.
cp "$system/Scrt1.o" "$here"
ln -s "$system/libc.so.6" "$here/libc.so"
ln -s "$system/libm.so.6" "$here/libm.so"
ln -s "$system/libc.so.6" "$here/libpthread.so"
