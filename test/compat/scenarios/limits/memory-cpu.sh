# Limits as the container sees them, and as inspect tells them.
cgroup() { try docker run --rm "$@"; }
cgroup --memory 32m busybox sh -c 'cat /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null || cat /sys/fs/cgroup/memory.max'
cgroup --cpus 1.5 busybox sh -c 'cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us /sys/fs/cgroup/cpu/cpu.cfs_period_us 2>/dev/null || cat /sys/fs/cgroup/cpu.max'
cgroup --pids-limit 20 busybox sh -c 'cat /sys/fs/cgroup/pids/pids.max 2>/dev/null || cat /sys/fs/cgroup/pids.max'
cgroup --cpuset-cpus 0 busybox sh -c 'cat /sys/fs/cgroup/cpuset/cpuset.cpus 2>/dev/null || cat /sys/fs/cgroup/cpuset.cpus'
cgroup --cpu-shares 512 busybox sh -c 'cat /sys/fs/cgroup/cpu/cpu.shares 2>/dev/null'
quiet docker create --name c1 --memory 64m --memory-reservation 32m --memory-swap 128m --cpus 0.5 --pids-limit 10 --cpu-shares 100 --cpuset-cpus 0 --shm-size 8m --ulimit nofile=10:20 --oom-score-adj 5 busybox
fields docker inspect -f '{{json .HostConfig}}' c1
