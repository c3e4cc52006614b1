# Volumes: create, list, use, remove.
try docker volume create data
try docker volume create data
try docker volume create 'bad name'
try docker volume create -d nosuch other
quiet docker run --rm -v data:/d busybox sh -c 'echo kept >/d/file'
try docker run --rm -v data:/d busybox cat /d/file
try docker run --rm -v data:/d:ro busybox touch /d/x
quiet docker run -d --name c1 -v data:/d busybox sleep 60
try docker volume rm data
quiet docker rm -f c1
try docker volume rm data
try docker volume rm data
try docker volume rm -f data
sh -c 'docker volume create | wc -c'
