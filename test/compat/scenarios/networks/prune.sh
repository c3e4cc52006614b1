# network prune.
quiet docker network create one
quiet docker network create --label keep=1 two
quiet docker network create three
quiet docker run -d --name c1 --network three busybox sleep 60
try docker network prune -f --filter label!=keep
sorted docker network ls --format '{{.Name}}'
