# stats without a stream, and top.
quiet docker run -d --name c1 --memory 64m busybox sleep 60
try docker stats --no-stream --format '{{.Name}} {{.PIDs}}' c1
try docker stats --no-stream --format '{{.Name}}' missing
try docker top c1 -o pid,args | sed 's/^[0-9]* /PID /'
docker top c1 | head -1 | tr -s ' '
try docker top c1 -o nosuch
quiet docker stop -t 0 c1
try docker stats --no-stream --format '{{.Name}} {{.CPUPerc}} {{.PIDs}}' c1
try docker top c1
