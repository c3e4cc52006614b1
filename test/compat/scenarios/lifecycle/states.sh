# Every state that a container can be in, as ps and inspect tell it.
show() { try docker inspect -f "{{.State.Status}} running={{.State.Running}} paused={{.State.Paused}} code={{.State.ExitCode}} oom={{.State.OOMKilled}} dead={{.State.Dead}} restarting={{.State.Restarting}}" c1; }
quiet docker create --name c1 busybox sleep 60
show
try docker start c1
show
try docker pause c1
show
try docker ps --format '{{.Names}} {{.Status}}'
try docker unpause c1
show
try docker kill -s TERM c1
try docker kill c1
until_true sh -c 'docker inspect -f {{.State.Status}} c1 | grep -q exited'
show
try docker start c1
try docker rm c1
try docker rm -f c1
try docker inspect c1
