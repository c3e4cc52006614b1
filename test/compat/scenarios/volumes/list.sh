# volume ls with filters.
quiet docker volume create -d local --label a=1 one
quiet docker volume create --label a=2 two
quiet docker volume create three
quiet docker create --name c1 -v three:/x busybox
sorted docker volume ls --format '{{.Name}} {{.Driver}} {{.Scope}}'
sorted docker volume ls -q -f label=a
sorted docker volume ls -q -f label=a=1
sorted docker volume ls -q -f name=t
sorted docker volume ls -q -f dangling=true
sorted docker volume ls -q -f dangling=false
sorted docker volume ls -q -f driver=local
sorted docker volume ls -q -f driver=nosuch
try docker volume ls -f nosuch=1
# One of them: Docker gives several in no order.
api GET '/v1.41/volumes?filters=%7B%22label%22%3A%5B%22a%3D1%22%5D%7D'
