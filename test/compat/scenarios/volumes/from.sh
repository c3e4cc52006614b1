# --volumes-from.
quiet docker create --name source -v /anon -v named:/named busybox
quiet docker run --rm --volumes-from source busybox sh -c 'echo x >/anon/f; echo y >/named/f'
try docker run --rm --volumes-from source:ro busybox sh -c 'cat /anon/f /named/f; touch /anon/g'
try docker run --rm --volumes-from source:nosuch busybox true
quiet docker create --name taker --volumes-from source busybox
try docker inspect -f '{{.HostConfig.VolumesFrom}} {{len .Mounts}}' taker
