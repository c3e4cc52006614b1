# Standard output, standard error and the exit code come back as the program gave them.
try docker run --rm busybox echo hello
try docker run --rm busybox sh -c 'echo out; echo err >&2; exit 3'
echo typed | try docker run --rm -i busybox cat
try docker run --rm busybox true
