# Values that the engine refuses.
try docker run --rm --memory 1m busybox true
try docker run --rm --cpus 10000 busybox true
try docker run --rm --memory 64m --memory-swap 32m busybox true
try docker run --rm --cpuset-cpus 9999 busybox true
try docker run --rm --cpuset-cpus x busybox true
try docker run --rm --network missing busybox true
try docker run --rm --network container:missing busybox true
try docker run --rm --ipc container:missing busybox true
try docker run --rm --pid container:missing busybox true
try docker run --rm --volumes-from missing busybox true
try docker run --rm --cap-add NOSUCH busybox true
try docker run --rm --restart always --rm busybox true
try docker run --rm -v /:/ busybox true
try docker run --rm -v relative/path:/x busybox true
try docker run --rm -v /tmp:relative busybox true
try docker run --rm --mount type=bind,source=/does/not/exist,target=/x busybox true
try docker run --rm --mount type=volume,target=relative busybox true
try docker run --rm --log-driver nosuch busybox true
try docker run --rm --runtime nosuch busybox true
try docker run --rm --security-opt nosuch=1 busybox true
try docker run --rm --sysctl kernel.hostname=x busybox true
try docker run --rm --network host --hostname x -p 80:80 busybox true
try docker run --rm --oom-score-adj 5000 busybox true
try docker run --rm --stop-signal NOSUCH busybox true
try docker run --rm --device /dev/nosuch busybox true
