# --init: another first process, that passes signals on.
try docker run --rm --init busybox sh -c 'ps -o args | head -3'
try docker run --rm --init busybox sh -c 'kill -TERM $$'
quiet docker create --name c1 --init busybox true
try docker inspect -f '{{.HostConfig.Init}}' c1
