# Log drivers: what is kept and what logs says then.
quiet docker run --name json --log-opt max-size=1m --log-opt max-file=2 busybox echo json
try docker logs json
fields docker inspect -f '{{json .HostConfig.LogConfig}}' json
quiet docker run --name local --log-driver local busybox echo local
try docker logs local
try docker inspect -f '{{.LogPath}}' local
quiet docker run --name none --log-driver none busybox echo none
try docker logs none
try docker run --rm --log-opt nosuch=1 busybox true
try docker run --rm --log-opt max-size=x busybox true
