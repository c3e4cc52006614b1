# A container on several networks, joined and left while it runs.
quiet docker network create --subnet 10.81.0.0/24 one
quiet docker network create --subnet 10.82.0.0/24 two
quiet docker run -d --name c1 --network one --ip 10.81.0.10 busybox sleep 60
try docker network connect --ip 10.82.0.20 --alias other two c1
try docker exec c1 sh -c 'ip -4 -o addr show | tr -s " " | cut -d" " -f2,4 | sort'
fields docker inspect -f '{{json .NetworkSettings.Networks}}' c1
try docker network connect two c1
try docker network disconnect one c1
try docker exec c1 sh -c 'ip -4 -o addr show | tr -s " " | cut -d" " -f4 | sort'
try docker network disconnect one c1
try docker network rm two
try docker network disconnect -f two c1
try docker network rm two
try docker network connect missing c1
try docker run --rm --ip 10.81.0.10 busybox true
try docker run --rm --network one --ip 10.99.0.1 busybox true
