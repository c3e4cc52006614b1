# Kernel settings and limits of a process.
try docker run --rm --sysctl net.ipv4.ip_forward=0 busybox cat /proc/sys/net/ipv4/ip_forward
try docker run --rm --sysctl net.core.somaxconn=77 busybox cat /proc/sys/net/core/somaxconn
try docker run --rm --ulimit nofile=64:128 busybox sh -c 'ulimit -n; ulimit -Hn'
try docker run --rm --ulimit nofile=128:64 busybox true
try docker run --rm --ulimit nosuch=1 busybox true
try docker run --rm --shm-size 16m busybox sh -c 'df -k /dev/shm | tail -1 | tr -s " " | cut -d" " -f2'
try docker run --rm --oom-score-adj 100 busybox cat /proc/self/oom_score_adj
try docker run --rm --tmpfs /run/x:size=4m,mode=700 busybox sh -c 'df -k /run/x | tail -1 | tr -s " " | cut -d" " -f2; stat -c %a /run/x'
try docker run --rm --stop-timeout 5 busybox true
