# exec: input that ends, much output, a terminal.
quiet docker run -d --name c1 busybox sleep 60
printf 'a\nb\n' | try docker exec -i c1 sort -r
head -c 2000000 /dev/zero | docker exec -i c1 wc -c
docker exec c1 sh -c 'head -c 2000000 /dev/zero' | wc -c
try docker exec -t c1 sh -c 'test -t 1 && echo terminal'
try docker exec -i c1 sh -c 'test -t 0 || echo no terminal' </dev/null
