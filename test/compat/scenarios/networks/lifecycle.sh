# Networks: create, list, inspect, remove.
sorted docker network ls --format '{{.Name}} {{.Driver}} {{.Scope}}'
quiet docker network create one
try docker network create one
try docker network create 'bad name'
try docker network create -d nosuch two
try docker network create --subnet 10.77.0.0/24 --gateway 10.77.0.9 --ip-range 10.77.0.128/25 --label a=b --internal --opt com.docker.network.bridge.name=cmp0 two
fields docker network inspect one
fields docker network inspect two
try docker network create --subnet 10.77.0.0/25 overlaps
try docker network create --subnet nonsense bad
try docker network create --subnet 10.78.0.0/24 --gateway 10.79.0.1 bad
try docker network rm one
try docker network rm one
try docker network rm bridge
try docker network create bridge
try docker network create host
