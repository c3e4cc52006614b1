# start -a and start -ai: output, input and the exit code of the program.
quiet docker create --name c1 busybox sh -c 'echo out; echo err >&2; exit 6'
try docker start -a c1
quiet docker create -i --name c2 busybox cat
echo typed | try docker start -ai c2
try docker start -a missing
