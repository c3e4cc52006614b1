# Two clients attached at once both see the output.
quiet docker run -d -i --name c1 busybox sh -c 'read x; echo heard $x'
docker attach --no-stdin c1 >first 2>&1 &
docker attach --no-stdin c1 >second 2>&1 &
sleep 1
echo word | docker attach c1 >third 2>&1
wait
try cat first
try cat second
