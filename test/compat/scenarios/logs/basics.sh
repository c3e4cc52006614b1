# logs: both streams, tail, since, until, timestamps, follow.
quiet docker run --name c1 busybox sh -c 'for i in 1 2 3 4 5; do echo line $i; done; sleep 0.2; echo oops >&2'
try docker logs c1
try docker logs --tail 2 c1
try docker logs --tail 0 c1
try docker logs --tail all c1
try docker logs -n x c1
try docker logs -t --tail 1 c1
try docker logs --since 10m --tail 1 c1
try docker logs --until 10m c1
try docker logs -f --tail 1 c1
quiet docker run --name silent --log-driver none busybox echo unheard
try docker logs silent
quiet docker run --name partial busybox printf 'no newline'
try docker logs partial
