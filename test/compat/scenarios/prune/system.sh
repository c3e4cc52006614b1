# system prune and df.
quiet docker run --name c1 -v v1:/v busybox sh -c 'head -c 1000 /dev/zero >/v/f'
quiet docker network create n1
try docker system df --format '{{.Type}} {{.TotalCount}} {{.Active}}'
docker system prune -f | grep -e ^Deleted -e ^n1
sorted docker volume ls -q
api POST '/v1.41/build/prune'
