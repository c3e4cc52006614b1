# The words that scenarios are written with; the runner reads this file first, in a directory that is the scenario's own.
# DOCKER_HOST names the engine, COMPARE_SOCKET is its socket.

# try COMMAND…: shows the command, what it printed, what it printed as errors (marked !), and its exit code unless 0.
try() {
  printf '$ %s\n' "$*"
  "$@" >.stdout 2>.stderr
  code=$?
  marked .stdout ''
  marked .stderr '! '
  [ $code = 0 ] || echo "exit $code"
  return 0
}

marked() { # FILE MARK: its lines; a last line without an end gets one
  awk -v mark="$2" '{ print mark $0 }' "$1"
}

# quiet COMMAND…: only says when it fails.
quiet() {
  "$@" >.stdout 2>.stderr && return 0
  echo "quiet: $* failed: $(cat .stdout .stderr)"
}

# fields COMMAND…: the JSON that the command prints, one line per field.
fields() {
  printf '$ %s\n' "$*"
  "$@" >.stdout 2>.stderr
  code=$?
  echo '<<json'
  cat .stdout
  echo
  echo 'json>>'
  marked .stderr '! '
  [ $code = 0 ] || echo "exit $code"
}

# api METHOD PATH [JSON]: a bare request; its status, and its body field by field where that is JSON.
api() {
  echo "$1 $2"
  if [ $# -gt 2 ]; then set -- "$1" "$2" -H 'Content-Type: application/json' --data-binary "$3"; else set -- "$1" "$2"; fi
  method=$1 path=$2
  shift 2
  [ "$method" = HEAD ] && set -- --head "$@"
  curl -sS --max-time 20 --globoff --unix-socket "$COMPARE_SOCKET" -X "$method" -o .body -w '%{http_code} %{content_type}\n' "$@" "http://localhost$path" 2>&1
  [ "$method" = HEAD ] && return 0
  if [ "$(head -c1 .body 2>/dev/null)" = '{' ] || [ "$(head -c1 .body 2>/dev/null)" = '[' ]; then
    echo '<<json'
    cat .body
    echo
    echo 'json>>'
  else
    marked .body '' 2>/dev/null
  fi
  rm -f .body
}

# until_true COMMAND…: asks ten times a second, for at most ten seconds.
until_true() {
  tries=0
  until "$@" >/dev/null 2>&1; do
    tries=$((tries + 1))
    [ $tries -lt 100 ] || { echo "waited in vain for: $*"; return 1; }
    sleep 0.1
  done
}

# Sorted lines of a command's output, for what has no order.
sorted() {
  printf '$ %s | sort\n' "$*"
  "$@" 2>&1 | LC_ALL=C sort
}
