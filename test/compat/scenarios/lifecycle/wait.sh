# Waiting: for the next exit, for several, for one that has ended, for removal.
quiet docker run -d --name c1 busybox sh -c 'sleep 0.5; exit 3'
quiet docker run -d --name c2 busybox sh -c 'exit 4'
try docker wait c1 c2
try docker wait c1
quiet docker create --name c3 busybox true
api POST '/v1.41/containers/c1/wait?condition=not-running'
api POST '/v1.41/containers/c1/wait?condition=nosuch'
api POST '/v1.41/containers/missing/wait'
