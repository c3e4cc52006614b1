# Who reaches whom.
quiet docker network create one
quiet docker network create two
quiet docker run -d --name w1 --network one web
quiet docker run -d --name w2 --network two web
address() { docker inspect -f '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' $1; }
try docker run --rm --network one busybox sh -c "wget -q -T 2 -O- http://w1/ | head -1"
try docker run --rm --network one busybox sh -c "wget -q -T 1 -O- http://$(address w2)/ >/dev/null 2>&1 || echo unreachable"
try docker run --rm busybox sh -c "wget -q -T 1 -O- http://$(address w1)/ >/dev/null 2>&1 || echo unreachable"
try sh -c "curl -s -m 3 http://$(address w1)/ | head -1"
