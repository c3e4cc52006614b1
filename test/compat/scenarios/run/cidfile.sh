# --cidfile, --name, and that they aren't overwritten.
quiet docker run -d --cidfile id.txt --name c1 busybox sleep 60
try sh -c 'test "$(cat id.txt)" = "$(docker inspect -f {{.Id}} c1)" && echo same'
try docker run --rm --cidfile id.txt busybox true
try docker run --rm --name c1 busybox true
docker inspect -f '{{.Name}}' "$(cut -c1-6 id.txt)"
try docker inspect -f '{{.Name}}' c
