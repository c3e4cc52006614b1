# The events of a container's life, in order.
since=$(date +%s)
quiet docker run --name c1 -l k=v busybox sh -c 'exit 3'
quiet docker rename c1 c2
quiet docker start -a c2
quiet docker rm c2
sleep 1
try docker events --since "$since" --until "$(date +%s)" --format '{{.Type}} {{.Action}} {{index .Actor.Attributes "name"}} {{index .Actor.Attributes "exitCode"}}' -f type=container
