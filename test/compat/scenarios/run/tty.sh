# A terminal that nobody attached to.
quiet docker run -d -t --name c1 busybox sh -c 'tty; stty size; echo done'
try docker wait c1
try docker logs c1
try docker inspect -f '{{.Config.Tty}} {{.Config.OpenStdin}}' c1
try docker run --rm -t busybox sh -c 'test -t 1 && echo a terminal'
quiet docker run -d -t -i --name c2 busybox sh
try docker inspect -f '{{.Config.Tty}} {{.Config.OpenStdin}} {{.Config.StdinOnce}}' c2
