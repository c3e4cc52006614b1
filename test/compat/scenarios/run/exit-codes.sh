# What cannot be run: 126 and 127, with a container that stays; signals: 128+n.
try docker run --name notfound busybox no-such-program
try docker ps -a --format '{{.Names}} {{.Status}}'
try docker inspect -f '{{.State.ExitCode}} {{.State.Status}} {{.State.Error}}' notfound
try docker run --name directory busybox /etc
try docker run --rm busybox sh -c 'kill -9 $$'
try docker run --rm busybox sh -c 'kill -TERM $$; sleep 1; exit 4'
try docker run --rm --entrypoint /missing busybox
