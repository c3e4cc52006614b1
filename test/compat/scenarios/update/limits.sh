# update: limits of a running and a stopped container, and the restart policy.
quiet docker run -d --name c1 --memory 64m busybox sleep 60
memory() { try docker exec c1 sh -c 'cat /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null || cat /sys/fs/cgroup/memory.max'; }
memory
try docker update --memory 96m --memory-swap 192m c1
memory
fields docker inspect -f '{{json .HostConfig.Memory}}' c1
try docker update --cpus 0.5 c1
try docker inspect -f '{{.HostConfig.NanoCpus}}' c1
try docker update --pids-limit 50 c1
try docker inspect -f '{{.HostConfig.PidsLimit}}' c1
try docker update --restart on-failure:4 c1
fields docker inspect -f '{{json .HostConfig.RestartPolicy}}' c1
try docker update --memory 1m c1
try docker update --memory 512m c1
try docker update --cpuset-cpus 0 c1
try docker inspect -f '{{.HostConfig.CpusetCpus}}' c1
quiet docker kill c1
try docker update --cpu-shares 512 c1
try docker inspect -f '{{.HostConfig.CpuShares}}' c1
try docker update c1
