# --security-opt, capabilities, read-only roots, devices.
try docker run --rm --cap-drop ALL busybox sh -c 'chown 1 /tmp; chmod 700 /tmp && echo chmod works'
try docker run --rm --cap-drop CHOWN busybox chown 1 /tmp
try docker run --rm --cap-add nosuch busybox true
try docker run --rm --cap-drop nosuch busybox true
try docker run --rm --security-opt systempaths=unconfined busybox sh -c 'grep -c /proc/ /proc/self/mounts'
try docker run --rm --security-opt seccomp=missing.json busybox true
echo '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir","mkdirat"],"action":"SCMP_ACT_ERRNO"}]}' >profile.json
try docker run --rm --security-opt seccomp=profile.json busybox mkdir /tmp/x
echo '{' >broken.json
try docker run --rm --security-opt seccomp=broken.json busybox true
try docker run --rm --device /dev/null:/dev/mynull:r busybox sh -c 'ls -l /dev/mynull | cut -c1'
try docker run --rm --device /dev/null:/dev/x:q busybox true
try docker run --rm --group-add 99999 --group-add users busybox id -G
try docker run --rm --userns host busybox true
quiet docker create --name c1 --cap-add NET_ADMIN --cap-add sys_time --cap-drop all --security-opt no-new-privileges busybox
fields docker inspect -f '{{json .HostConfig.CapAdd}}' c1
fields docker inspect -f '{{json .HostConfig.CapDrop}}' c1
fields docker inspect -f '{{json .HostConfig.SecurityOpt}}' c1
