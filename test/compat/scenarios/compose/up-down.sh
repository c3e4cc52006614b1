# docker-compose (v1): two services, a network, a volume; up, ps, exec, logs, down.
command -v docker-compose >/dev/null || exit 0
cat >docker-compose.yml <<'END'
version: "3.7"
services:
  web:
    image: web
    ports: ["18080:80"]
    volumes: ["data:/data"]
    environment: {A: b}
  client:
    image: busybox
    command: sh -c 'sleep 1; wget -q -O- http://web/ | head -1; sleep 60'
    depends_on: [web]
volumes: {data: {}}
END
export COMPOSE_PROJECT_NAME=proj
quiet docker-compose up -d
sorted docker-compose ps --services
try docker-compose exec -T web sh -c 'echo $A'
until_true sh -c 'docker-compose logs client | grep -q doctype'
try sh -c 'docker-compose logs --no-color client | grep -o "<!doctype html>"'
until_true curl -sf http://127.0.0.1:18080/
sorted docker ps --format '{{.Names}} {{.Image}}'
sorted docker network ls --format '{{.Name}} {{.Driver}}' -f name=proj
sorted docker volume ls -q
quiet docker-compose stop -t 0
quiet docker-compose down -v -t 0
try docker ps -aq
sorted docker network ls --format '{{.Name}}' -f name=proj
