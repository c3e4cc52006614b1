# Status codes and headers of plain requests.
answer() { curl -sS -o /dev/null -D - --unix-socket "$COMPARE_SOCKET" -X "$1" "http://localhost/v1.41$2" | tr -d '\r' | grep -i -e ^HTTP -e ^content-type -e ^location; }
quiet docker create --name c1 busybox sleep 60
answer POST /containers/c1/start
answer POST /containers/c1/start
answer POST /containers/c1/stop
answer GET /containers/json
answer GET /containers/missing/json
answer POST '/containers/c1/rename?name='
answer POST '/containers/c1/kill?signal=NOSUCH'
answer DELETE /containers/c1
quiet docker kill c1
answer DELETE /containers/c1
answer DELETE /containers/c1
answer POST /containers/prune
answer POST '/images/busybox/tag?repo=x&tag=y'
answer DELETE /images/x:y
answer POST /volumes/prune
answer GET /info
