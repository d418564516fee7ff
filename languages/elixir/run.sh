#!/bin/sh
# run.sh FILE [ARGUMENT]...: what `elixir FILE [ARGUMENT]...` comes down to, without the twelve processes
# that its shell scripts start on the way, and with a smaller virtual machine.
# run.sh --parked FILE: the same, started before there is a program; see await_source.erl.
export ROOTDIR=/usr/lib/erlang BINDIR=/opt/elixir/erts/bin EMU=beam PROGNAME=erl

before=
if [ "$1" = --parked ]; then
    before='-pa /opt/elixir -s await_source start'
    shift
fi

# One scheduler of each kind for one processor, and no spinning while they wait; fewer threads so.
# +P: room for 131,072 processes instead of a million. They would not fit into the memory, and the table
# is filled at every start.
exec "$BINDIR/erlexec" -noshell -boot /opt/elixir/start \
    -elixir_root /usr/lib/elixir/lib -pa /usr/lib/elixir/lib/elixir/ebin \
    +S 1:1 +SDcpu 1:1 +SDio 1 +sbwt none +sbwtdcpu none +sbwtdio none +JMsingle true +P 131072 \
    $ELIXIR_ERL_OPTIONS $before -s elixir start_cli -extra "$@"
