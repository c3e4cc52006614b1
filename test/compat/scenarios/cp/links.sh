# cp through links, with owners, and from volumes.
quiet docker run -d --name c1 -v vol:/vol busybox sh -c 'ln -s /etc/passwd /tmp/link; ln -s /tmp /tmplink; echo in volume >/vol/f; touch /ready; sleep 60'
until_true docker exec c1 test -e /ready
docker cp c1:/tmp/link link
try readlink link
try docker cp -L c1:/tmp/link followed
try head -1 followed
echo new >new
try docker cp new c1:/tmplink/new
try docker exec c1 cat /tmp/new
try docker cp c1:/vol/f fromvol
try cat fromvol
try docker cp new c1:/vol/g
try docker exec c1 cat /vol/g
docker cp c1:/proc/version - 2>/dev/null | tar tf - 2>/dev/null || echo failed
