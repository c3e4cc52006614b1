# Images that containers use.
quiet docker create --name stopped web
try docker rmi web
quiet docker tag web second:name
try docker rmi second:name
try docker rmi $(docker inspect -f '{{.Id}}' web)
quiet docker run -d --name running busybox sleep 60
try docker rmi busybox
try docker rmi -f busybox
quiet docker start running
try docker ps --format '{{.Image}}' -f name=running
quiet docker rm -f stopped
try sh -c 'docker rmi web | sort'
