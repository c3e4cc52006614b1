# logs over the API: which streams are asked for, and what isn't allowed.
quiet docker run --name c1 busybox sh -c 'echo out; echo err >&2'
api GET '/v1.41/containers/c1/logs'
curl -sS --unix-socket "$COMPARE_SOCKET" 'http://localhost/v1.41/containers/c1/logs?stdout=1' | od -c | head
curl -sS --unix-socket "$COMPARE_SOCKET" 'http://localhost/v1.41/containers/c1/logs?stderr=1&timestamps=0' | od -c | head
api GET '/v1.41/containers/c1/logs?stdout=1&tail=nosuch' | head -1
api GET '/v1.41/containers/c1/logs?stdout=1&since=nosuch'
api GET '/v1.41/containers/missing/logs?stdout=1'
