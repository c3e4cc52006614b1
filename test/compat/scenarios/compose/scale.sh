# docker-compose (v1): scaling, recreating, run.
command -v docker-compose >/dev/null || exit 0
cat >docker-compose.yml <<'END'
version: "3.7"
services:
  one:
    image: busybox
    command: sleep 60
    stop_grace_period: 0s
    labels: {l: "1"}
END
export COMPOSE_PROJECT_NAME=proj
quiet docker-compose up -d --scale one=2
sorted docker ps --format '{{.Names}}'
sed -i 's/l: "1"/l: "2"/' docker-compose.yml
quiet docker-compose up -d
sorted docker ps --format '{{.Names}}'
try sh -c 'docker-compose run --rm -T one echo once 2>/dev/null'
quiet docker-compose kill
try sh -c 'docker-compose ps -q | wc -l'
quiet docker-compose rm -f
try docker ps -aq
