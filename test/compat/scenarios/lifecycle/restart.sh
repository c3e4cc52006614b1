# restart: a running one, a stopped one; the file system stays, the count doesn't grow.
quiet docker run -d --name c1 busybox sh -c 'echo x >>/runs; sleep 60'
quiet docker restart -t 0 c1
until_true docker exec c1 test -s /runs
try docker exec c1 sh -c 'wc -l </runs'
quiet docker stop -t 0 c1
quiet docker restart c1
until_true sh -c 'docker exec c1 sh -c "wc -l </runs" | grep -q 3'
try docker inspect -f '{{.RestartCount}} {{.State.Running}}' c1
