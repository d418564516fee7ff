# Sourced by the scripts beside it: what they share.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# The binary that is tried; the debug build if DAYFLY does not name another.
# shellcheck disable=SC2034 # for the script that sources this
dayfly=${DAYFLY:-$root/target/$(rustc --print host-tuple)/debug/dayfly}
work=$(mktemp -d)
# nginx's workers are of another user.
chmod 755 "$work"
passed=0 failed=0

# Runs a command as a test with this name; its output is shown if it fails.
check() {
  local what=$1 status
  shift
  # Within a condition, a function would go on after a command that fails.
  set +e
  (set -e; "$@") >"$work/output" 2>&1
  status=$?
  set -e
  if [ $status = 0 ]; then
    passed=$((passed + 1))
    printf 'ok      %s\n' "$what"
  else
    failed=$((failed + 1))
    printf 'FAILED  %s: %s\n' "$what" "$*"
    cat "$work/output"
  fi
}

# The last line of a script; its exit code is the script's.
report() {
  echo "$passed passed, $failed failed"
  [ "$failed" = 0 ]
}

# Waits until a command succeeds, for at most so many seconds.
eventually() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $deadline ] || { echo "not in time: $*" >&2; return 1; }
    sleep 0.2
  done
}

free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# Installs Debian's packages if a command is not here.
need() {
  local command=$1
  shift
  command -v "$command" >/dev/null && return
  { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends "$@"; } >/dev/null
}

# The tests.
runs_a_program() {
  local reply
  reply=$(curl --silent --show-error --fail --header 'content-type: application/json' \
    --data '{"language":"python","code":"print(input()[::-1])","input":"olleh"}' "http://$1/execute")
  echo "$reply"
  [[ $reply == *'"status":"success"'*'"stdout":"hello\n"'* ]]
}

# A whole conversation with a running program: ws, socketio or socketio-polling.
talks_to_a_program() {
  node "$root/tests/clients/play.mjs" "$2" "$1"
}

install_clients() {
  (cd "$root/tests/clients" && npm ci --silent --no-audit --no-fund)
}
