# What a container finds at /etc, /proc/mounts and as itself.
try docker run --rm -h box busybox sh -c 'cat /etc/hostname; ls -l /etc/mtab | cut -d" " -f1; ls /.dockerenv'
try docker run --rm busybox sh -c 'id; umask; echo $HOME; pwd; echo $0'
try docker run --rm busybox sh -c 'readlink /proc/self/exe; cat /proc/1/comm'
try docker run --rm -u nobody busybox sh -c 'id; echo $HOME'
try docker run --rm -u 4242 busybox sh -c 'id; echo $HOME'
try docker run --rm busybox sh -c 'cut -d" " -f2,3,4 /proc/mounts | grep -v -e cgroup -e " /etc/" -e "^/ " -e ^/etc | sed s/relatime// | sort | head -40'
