# attach: output from now on, input, the exit code, and a signal through the proxy.
quiet docker run -d -i --name c1 busybox sh -c 'read x; echo got $x; exit 4'
echo bait | try docker attach c1
quiet docker run -d --name c2 busybox sh -c 'sleep 0.5; echo late; exit 2'
try docker attach --no-stdin c2
try docker attach c2
try docker attach missing
quiet docker create --name c3 busybox true
try docker attach c3
