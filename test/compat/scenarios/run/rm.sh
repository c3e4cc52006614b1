# --rm takes the container and its anonymous volumes away, named ones stay.
quiet docker run --rm --name c1 -v /anon -v kept:/kept busybox true
try docker ps -aq
try docker volume ls -q
quiet docker run -d --rm --name c2 busybox sleep 60
quiet docker stop -t 0 c2
until_true sh -c '! docker inspect c2'
try docker ps -aq
