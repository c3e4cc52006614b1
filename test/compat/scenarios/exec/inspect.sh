# A container tells of the execs that run in it.
quiet docker run -d --name c1 busybox sleep 60
try docker inspect -f '{{.ExecIDs}}' c1
quiet docker exec -d c1 sleep 30
try sh -c "docker inspect -f '{{len .ExecIDs}}' c1"
try sh -c 'docker top c1 -o args | tail -n +2 | sort'
try docker exec -e A=1 -e B c1 sh -c 'echo $A-$B-'
try docker exec -w /tmp c1 pwd
try docker exec c1 sh -c 'echo $$ >/dev/null; cat /proc/1/comm'
