#!/bin/sh
# compile.sh FILE...: makes ./main of all .ml and .mli files of a program.
#
# ocamlopt links through gcc, which takes most of its time (and of an image's room). It is told to use
# mold instead: the words of -cc and -cclib below are what gcc would have added.
set -f
here=/opt/ocaml

link="mold -pie -s -dynamic-linker /lib64/ld-linux-x86-64.so.2 --no-fork --thread-count=1"
for function in input_value ml_input ml_input_bigarray ml_input_char ml_input_int ml_input_scan_line; do
    link="$link --wrap=caml_$function"
done

# The libraries that a compiler's user would name, if the program names their modules and has no module
# of its own of that name: Unix and threads are linked as a whole even if nothing of them is used.
str='' unix='' threads=''
for module in $(grep -owhE 'Event|Str|Thread|Unix|UnixLabels' "$@" | sort -u); do
    case $module in
    Event) [ -e event.ml ] || threads=1 ;;
    Str) [ -e str.ml ] || str=1 ;;
    Thread) [ -e thread.ml ] || threads=1 ;;
    Unix*) [ -e unix.ml ] || unix=1 ;;
    esac
done
unix=$unix$threads # threads need Unix
libraries="${str:+-I +str str.cmxa} ${unix:+-I +unix unix.cmxa} ${threads:+-I +threads threads.cmxa}"

# Modules come after those that they use.
if [ $# -gt 1 ]; then
    sorted=$(ocamlopt -depend -sort "$@") || exit
    set -- $sorted
fi

exec ocamlopt -g -o main -cc "$link $here/Scrt1.o $here/prompts.o -L$here" -cclib -lc $libraries "$@"
