# exec: streams, exit codes, user, directory, environment.
quiet docker run -d --name c1 -e FROM=run busybox sleep 60
try docker exec c1 sh -c 'echo out; echo err >&2; exit 5'
echo typed | try docker exec -i c1 cat
try docker exec -u 1000:1001 -w /tmp -e X=y c1 sh -c 'echo $(id -u):$(id -g) $PWD $X $FROM'
try docker exec c1 no-such-program
try docker exec c1 /etc
try docker exec -w /missing c1 pwd
try docker exec -u missing c1 true
try docker exec -d c1 sh -c 'echo left >/tmp/left'
until_true docker exec c1 test -s /tmp/left
try docker exec c1 cat /tmp/left
try docker exec c1 sh -c 'kill -9 $$'
