# exec over the API: create, inspect, start, and what is refused.
quiet docker run -d --name c1 busybox sleep 60
id=$(curl -sS --unix-socket "$COMPARE_SOCKET" -H 'Content-Type: application/json' -d '{"Cmd":["sh","-c","exit 9"],"AttachStdout":true,"Env":["A=b"],"WorkingDir":"/tmp","User":"nobody"}' http://localhost/v1.41/containers/c1/exec | sed 's/.*"Id":"\([0-9a-f]*\)".*/\1/')
api GET "/v1.41/exec/$id/json"
api POST "/v1.41/exec/$id/start" '{"Detach":true}'
until_true sh -c "curl -s --unix-socket $COMPARE_SOCKET http://localhost/v1.41/exec/$id/json | grep -q '\"Running\":false'"
api GET "/v1.41/exec/$id/json"
api POST "/v1.41/exec/$id/start" '{"Detach":true}'
api POST "/v1.41/exec/$id/resize?h=10&w=10"
api GET /v1.41/exec/missing/json
api POST /v1.41/exec/missing/start '{}'
api POST /v1.41/containers/c1/exec '{}'
api POST /v1.41/containers/c1/exec '{"Cmd":[]}'
api POST /v1.41/containers/missing/exec '{"Cmd":["true"]}'
