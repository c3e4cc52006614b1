# network ls with filters.
quiet docker network create --label a=1 one
quiet docker network create two
quiet docker create --name c1 --network two busybox
sorted docker network ls --format '{{.Name}}' -f label=a
sorted docker network ls --format '{{.Name}}' -f name=o
sorted docker network ls --format '{{.Name}}' -f driver=bridge
sorted docker network ls --format '{{.Name}}' -f driver=null
sorted docker network ls --format '{{.Name}}' -f type=custom
sorted docker network ls --format '{{.Name}}' -f type=builtin
sorted docker network ls --format '{{.Name}}' -f scope=local
sorted docker network ls --format '{{.Name}}' -f dangling=true
try docker network ls -f nosuch=1
try docker network ls -f type=nosuch
