# What the verbs answer over the API, once and twice.
quiet docker create --name c1 busybox sleep 60
for step in start start pause pause unpause unpause 'stop?t=0' 'stop?t=0' 'restart?t=0' kill kill 'rename?name=c2' 'rename?name=c2'; do
  api POST "/v1.41/containers/c1/$step" | sed 1d
done
api DELETE '/v1.41/containers/c2?force=1'
api DELETE '/v1.41/containers/c2?force=1'
