# volume prune.
quiet docker volume create --label keep=1 kept
quiet docker volume create gone
quiet docker create --name c1 -v used:/x busybox
try docker volume prune -f --filter label!=keep
sorted docker volume ls -q
try docker volume prune -f --filter nosuch=1
