# on-failure: as often as said, then no more.
quiet docker run -d --name c1 --restart on-failure:2 busybox sh -c 'echo run; exit 3'
until_true sh -c 'docker inspect -f "{{.RestartCount}} {{.State.Status}}" c1 | grep -q "2 exited"'
try docker inspect -f '{{.RestartCount}} {{.State.Status}} {{.State.ExitCode}}' c1
try docker logs c1
quiet docker run -d --name c2 --restart on-failure busybox true
until_true sh -c 'docker inspect -f "{{.State.Status}}" c2 | grep -q exited'
try docker inspect -f '{{.RestartCount}} {{.State.ExitCode}}' c2
fields docker inspect -f '{{json .HostConfig.RestartPolicy}}' c1
