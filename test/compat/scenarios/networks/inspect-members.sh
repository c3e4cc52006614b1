# A network with containers on it, every field; and theirs.
quiet docker network create --subnet 10.83.0.0/24 net1
quiet docker run -d --name c1 -h box --network net1 --network-alias al busybox sleep 60
fields sh -c 'docker network inspect net1 | sed "s/\"[0-9a-f]\{64\}\": {/\"member\": {/"'
fields docker inspect -f '{{json .NetworkSettings}}' c1
quiet docker stop -t 0 c1
fields docker network inspect net1
