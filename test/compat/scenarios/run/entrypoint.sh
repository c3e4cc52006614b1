# Entrypoint and command, the image's and the user's.
try docker run --rm --entrypoint echo busybox a b
try docker run --rm --entrypoint '' busybox echo none
quiet docker create --name a1 --entrypoint /bin/echo web
fields docker inspect -f '{{json .Config.Entrypoint}}' a1
fields docker inspect -f '{{json .Config.Cmd}}' a1
try docker inspect -f '{{.Path}} {{.Args}}' a1
quiet docker create --name a2 web
try docker inspect -f '{{.Path}} {{.Args}}' a2
