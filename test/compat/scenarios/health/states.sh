# Health checks: starting, healthy, unhealthy, and how ps and inspect show them.
quiet docker run -d --name good --health-cmd 'test -e /ok || exit 1' --health-interval 200ms --health-retries 2 busybox sh -c 'sleep 0.5; touch /ok; sleep 60'
fields docker inspect -f '{{json .Config.Healthcheck}}' good
until_true sh -c 'docker inspect -f "{{.State.Health.Status}}" good | grep -qx healthy'
try docker ps --format '{{.Names}} {{.Status}}' -f health=healthy
quiet docker run -d --name bad --health-cmd 'echo no luck; exit 1' --health-interval 200ms --health-retries 2 busybox sleep 60
until_true sh -c 'docker inspect -f "{{.State.Health.Status}}" bad | grep -qx unhealthy'
try docker ps --format '{{.Names}} {{.Status}}' -f health=unhealthy
try docker inspect -f '{{(index .State.Health.Log 0).ExitCode}} {{(index .State.Health.Log 0).Output}}' bad
quiet docker run -d --name none --no-healthcheck busybox sleep 60
try docker ps --format '{{.Names}} {{.Status}}' -f health=none
fields docker inspect -f '{{json .Config.Healthcheck}}' none
quiet docker run -d --name slow --health-cmd true --health-interval 60s busybox sleep 60
try docker inspect -f '{{.State.Health.Status}} {{.State.Health.FailingStreak}}' slow
