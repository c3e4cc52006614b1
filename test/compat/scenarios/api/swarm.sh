# No swarm here, and no plugins.
for path in swarm nodes services tasks secrets configs; do api GET /v1.41/$path; done
api GET /v1.41/plugins
api GET /v1.41/nodes/x
api GET /v1.41/services/x
api GET /v1.41/swarm/unlockkey
api POST /v1.41/services/create '{}'
api POST /v1.41/secrets/create '{}'
api POST /v1.41/configs/create '{}'
api GET /v1.41/plugins/x/json
