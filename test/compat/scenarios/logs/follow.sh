# Following: to the end, from the tail, one line in parts.
quiet docker run -d --name c1 busybox sh -c 'for i in 1 2 3; do echo tick $i; sleep 0.2; done'
try docker logs -f c1
try docker logs -f --tail 1 c1
quiet docker run --name c2 busybox sh -c 'printf "one part, "; sleep 0.2; echo another; printf "no end"'
try docker logs c2
quiet docker run --name c3 busybox sh -c 'head -c 40000 /dev/zero | tr "\0" x; echo'
docker logs c3 | wc -c
quiet docker run --name c4 -t busybox sh -c 'echo to a terminal'
try docker logs c4
