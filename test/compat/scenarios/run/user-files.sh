# Files that the engine makes for a container.
try docker run --rm -h box --add-host other:198.51.100.7 busybox cat /etc/hosts
try docker run --rm --network none -h box busybox cat /etc/hosts
try docker run --rm --dns 198.51.100.53 --dns-search example.test --dns-option ndots:2 busybox cat /etc/resolv.conf
