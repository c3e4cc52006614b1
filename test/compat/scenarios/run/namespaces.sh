# Namespaces shared with another container or with the host.
quiet docker run -d --name one -h shared busybox sleep 60
try docker run --rm --network container:one busybox hostname
try docker run --rm --pid container:one busybox sh -c 'ps -o args | grep -c "[s]leep 60"'
try docker run --rm --network container:one -p 80:80 busybox true
try docker run --rm --network container:one -h x busybox true
try docker run --rm --ipc none busybox sh -c 'grep -c /dev/shm /proc/mounts'
try docker run --rm --ipc container:one busybox true
quiet docker run -d --name two --ipc shareable busybox sleep 60
try docker run --rm --ipc container:two busybox echo joined
try docker run --rm --pid host busybox sh -c 'test $$ -gt 50 && echo host pids'
try docker run --rm --uts host busybox sh -c 'test "$(hostname)" != "" && echo host name'
try docker run --rm --network none busybox sh -c 'ls /sys/class/net'
try docker run --rm --network nosuch busybox true
