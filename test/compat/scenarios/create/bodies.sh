# Bodies that aren't what they should be.
create() { api POST /v1.41/containers/create "$1"; }
create ''
create '{'
create '[]'
create '{}'
create '{"Image":""}'
create '{"Image":"missing"}'
create '{"Image":"busybox","Cmd":[]}'
create '{"Image":"busybox","ExposedPorts":{"x":{}}}'
create '{"Image":"busybox","HostConfig":{"PortBindings":{"80/tcp":[{"HostPort":"99999"}]}}}'
create '{"Image":"busybox","HostConfig":{"PortBindings":{"80/nosuch":[{"HostPort":"80"}]}}}'
create '{"Image":"busybox","HostConfig":{"RestartPolicy":{"Name":"sometimes"}}}'
create '{"Image":"busybox","HostConfig":{"RestartPolicy":{"Name":"always","MaximumRetryCount":3}}}'
create '{"Image":"busybox","HostConfig":{"AutoRemove":true,"RestartPolicy":{"Name":"always"}}}'
create '{"Image":"busybox","HostConfig":{"NetworkMode":"container:"}}'
create '{"Image":"busybox","Env":["","=x"]}'
curl -sS -X POST --unix-socket "$COMPARE_SOCKET" -H 'Content-Type: text/plain' -d '{}' -w ' %{http_code}\n' http://localhost/v1.41/containers/create
