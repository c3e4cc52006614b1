# The first questions of every client.
api GET /_ping
api GET /v1.41/_ping
curl -sS -D - -o /dev/null --unix-socket "$COMPARE_SOCKET" http://localhost/v1.41/_ping | tr -d '\r' | grep -i -e ^HTTP -e ^cache -e ^pragma -e ^docker -e ^ostype -e ^content | sort
curl -sS --head --unix-socket "$COMPARE_SOCKET" http://localhost/_ping | tr -d '\r' | grep -i -e ^HTTP -e ^cache -e ^pragma -e ^docker -e ^ostype -e ^content | sort
api GET /v1.10/version
api GET /v9.99/version
api GET /v1.41/nowhere
api GET /nowhere
api POST /v1.41/_nowhere
api DELETE /v1.41/containers/json
api PUT /v1.41/info
