# Several containers in one command; some of them wrong.
for name in a1 a2 a3; do quiet docker create --name $name busybox sleep 60; done
try docker start a1 missing a2
try docker stop -t 0 a1 missing a2
try docker kill a1 a3
try docker rm a1 a2 a3
