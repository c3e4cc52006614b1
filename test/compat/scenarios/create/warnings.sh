# What create warns of.
create() { api POST "/v1.41/containers/create?name=$1" "$2"; }
create c1 '{"Image":"busybox"}'
create c2 '{"Image":"busybox","HostConfig":{"NetworkMode":"host","PortBindings":{"80/tcp":[{"HostPort":"80"}]}}}'
create c3 '{"Image":"busybox","Cmd":"a string","Env":["A=1"]}'
api GET '/v1.41/containers/c3/json'
