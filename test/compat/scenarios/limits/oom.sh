# Out of memory: killed, 137, and told.
quiet docker run --name c1 --memory 16m --memory-swap 16m busybox sh -c 'tail /dev/zero'
docker inspect -f '{{.State.ExitCode}} {{.State.OOMKilled}} {{.State.Status}}' c1
try docker run --rm --pids-limit 4 busybox sh -c 'for i in 1 2 3 4 5 6; do sleep 1 & done; wait'
