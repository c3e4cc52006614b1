# Stop signals, timeouts, and the exit codes they leave.
trapper='trap "echo got TERM; exit 7" TERM; trap "echo got USR1; exit 8" USR1; echo ready; while :; do sleep 0.1; done'
ready() { until_true sh -c "docker logs $1 2>&1 | grep -q ready"; }
quiet docker run -d --name c1 busybox sh -c "$trapper"
ready c1
try docker stop c1
try docker inspect -f '{{.State.ExitCode}}' c1
quiet docker run -d --name c2 --stop-signal USR1 busybox sh -c "$trapper"
ready c2
try docker stop c2
try docker inspect -f '{{.State.ExitCode}} {{.Config.StopSignal}}' c2
quiet docker run -d --name c3 busybox sh -c 'trap "" TERM; echo ready; while :; do sleep 0.1; done'
ready c3
try docker stop -t 1 c3
try docker inspect -f '{{.State.ExitCode}}' c3
try docker logs c1
quiet docker start c1
try docker kill -s USR1 c1
try docker wait c1
try docker kill -s NOSUCH c1
quiet docker start c1
try docker kill -s 15 c1
try docker wait c1
