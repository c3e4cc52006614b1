# Events of images, volumes, networks; execs, kills and pauses.
since=$(date +%s)
quiet docker tag busybox event:one
quiet docker rmi event:one
quiet docker volume create v1
quiet docker network create n1
quiet docker run -d --name c1 --network n1 -v v1:/v busybox sleep 60
quiet docker exec c1 true
quiet docker pause c1
quiet docker unpause c1
quiet docker update --memory 64m --memory-swap 128m c1
quiet docker cp c1:/etc/passwd .
quiet docker kill -s KILL c1
until_true sh -c 'docker inspect -f "{{.State.Status}}" c1 | grep -q exited'
sleep 0.3
quiet docker rm c1
quiet docker volume rm v1
quiet docker network rm n1
sleep 1
docker events --since "$since" --until "$(date +%s)" --format '{{.Type}} {{.Action}}' >all
try grep ^container all
try grep ^image all
try grep ^volume all
try grep ^network all
