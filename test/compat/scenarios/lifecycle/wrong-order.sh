# Commands that don't fit a container's state.
quiet docker create --name c1 busybox sleep 60
try docker pause c1
try docker unpause c1
try docker kill c1
try docker stop c1
try docker exec c1 true
try docker top c1
try docker attach c1
quiet docker start c1
try docker start c1
try docker unpause c1
quiet docker pause c1
try docker pause c1
try docker exec c1 true
try docker start c1
try docker restart -t 0 c1
quiet docker pause c1
try docker rm c1
try docker stop -t 0 c1
try docker inspect -f '{{.State.Status}}' c1
