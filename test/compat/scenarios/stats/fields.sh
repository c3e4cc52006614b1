# The names of the fields of stats.
quiet docker run -d --name c1 --memory 64m busybox sleep 60
curl -sS --unix-socket "$COMPARE_SOCKET" 'http://localhost/v1.41/containers/c1/stats?stream=0' | tr -d '\n' | sed 's/"stats":{[^}]*}/"stats":{}/; s/"percpu_usage":\[[^]]*\],*//g; s/"io_[a-z_]*":[^,}]*,*//g; s/\[[^]]*\]/[]/g' | grep -oE '"[a-z_0-9]+":' | sort -u | tr -d '":'
api GET '/v1.41/containers/missing/stats?stream=0'
