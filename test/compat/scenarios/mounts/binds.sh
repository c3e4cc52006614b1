# Binds: read-only, missing sources, files, propagation.
mkdir src
echo x >src/f
try docker run --rm -v "$PWD/src:/d" busybox cat /d/f
try docker run --rm -v "$PWD/src:/d:ro" busybox touch /d/g
try docker run --rm -v "$PWD/src/f:/one" busybox cat /one
try docker run --rm -v "$PWD/made:/d" busybox sh -c 'ls -d /d'
try ls -d made
try docker run --rm --mount type=bind,source="$PWD/none",target=/d busybox true
try docker run --rm --mount type=bind,source="$PWD/src",target=/d,readonly busybox touch /d/g
try docker run --rm -v "$PWD/src:/d:rw,z" busybox cat /d/f
try docker run --rm -v "$PWD/src:/d:nosuch" busybox true
try docker run --rm -v "$PWD/src:/d:ro,rw" busybox true
try docker run --rm -v "$PWD/src:/d" -v "$PWD/src:/d" busybox true
quiet docker create --name c1 -v "$PWD/src:/d:ro,rslave" busybox
fields docker inspect -f '{{json .Mounts}}' c1
fields docker inspect -f '{{json .HostConfig.Binds}}' c1
