# always and unless-stopped: restarted when they end, left alone when a person stops them.
for policy in always unless-stopped; do
  quiet docker run -d --name $policy --restart $policy busybox sh -c 'sleep 0.2'
  until_true sh -c "docker inspect -f '{{.RestartCount}}' $policy | grep -qv '^0$'"
  quiet docker stop -t 0 $policy
  try docker inspect -f '{{.State.Status}}' $policy
done
try docker run --restart nosuch busybox true
try docker run --restart always:3 busybox true
try docker run --restart on-failure:-1 busybox true
