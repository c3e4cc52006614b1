# What a container is given and what not.
try docker run --rm busybox grep -e ^Cap -e NoNewPrivs -e ^Seccomp: -e ^Groups /proc/self/status
try docker run --rm --cap-drop ALL --cap-add NET_ADMIN busybox grep ^Cap /proc/self/status
try docker run --rm --security-opt no-new-privileges busybox grep NoNewPrivs /proc/self/status
try docker run --rm --read-only busybox touch /file
try docker run --rm --read-only --tmpfs /tmp busybox touch /tmp/file
try docker run --rm busybox mount -t tmpfs none /tmp
try docker run --rm busybox sh -c 'echo 1 >/proc/sys/kernel/panic'
try docker run --rm busybox sh -c 'cat /proc/kcore | head -c 10; ls /sys/firmware'
try docker run --rm --security-opt seccomp=unconfined busybox grep ^Seccomp: /proc/self/status
try docker run --rm busybox unshare -m true
try docker run --rm busybox sh -c 'ls /dev | grep -v core | sort | tr "\n" " "'
try docker run --rm busybox mknod /tmp/sda b 8 0
