# A container in the background, from run to removal.
docker run -d --name c1 busybox sleep 60 >id
try sh -c 'wc -c <id'
try docker ps --format '{{.Names}} {{.Image}} {{.Command}} {{.State}}'
try docker stop -t 0 c1
try docker ps -a --format '{{.Names}} {{.Status}}'
try docker start c1
try docker restart -t 0 c1
try docker kill c1
try docker wait c1
try docker rm c1
try docker rm c1
try docker ps -aq
