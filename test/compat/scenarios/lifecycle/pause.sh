# A paused container: frozen, and what can be done with it.
quiet docker run -d --name c1 busybox sh -c 'i=0; while :; do i=$((i+1)); echo $i >/count; sleep 0.05; done'
until_true docker exec c1 test -s /count
try docker pause c1
try docker inspect -f '{{.State.Status}} {{.State.Running}} {{.State.Paused}}' c1
try docker logs c1
try sh -c 'docker top c1 | wc -l'
try docker unpause c1
quiet docker pause c1
try docker kill c1
until_true sh -c 'docker inspect -f "{{.State.Status}}" c1 | grep -q exited'
try docker inspect -f '{{.State.Status}} {{.State.ExitCode}}' c1
quiet docker start c1
quiet docker pause c1
try docker rm -f c1
