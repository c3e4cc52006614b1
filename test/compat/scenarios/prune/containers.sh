# container prune, and what it leaves.
quiet docker run --name done1 busybox true
quiet docker create --name never -l keep=1 busybox
quiet docker run -d --name running busybox sleep 60
docker container prune -f --filter label!=keep | sed 's/^[0-9a-f]\{64\}$/<id>/'
sorted docker ps -a --format '{{.Names}}'
try docker container prune -f --filter nosuch=1
try docker container prune -f --filter until=10h
