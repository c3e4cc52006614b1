# Health checks that are refused.
try docker create --health-interval 1us --health-cmd true busybox
try docker create --health-timeout 1us --health-cmd true busybox
try docker create --health-retries -1 --health-cmd true busybox
try docker create --no-healthcheck --health-cmd true busybox
api POST /v1.41/containers/create '{"Image":"busybox","Healthcheck":{"Test":["NOSUCH","x"]}}'
