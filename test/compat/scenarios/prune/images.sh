# image prune: dangling ones, all unused ones.
quiet docker tag busybox extra:one
quiet docker run --name c1 web sh -c 'echo x >/f'
quiet docker commit c1 old:name
quiet docker commit c1 old:name
sorted docker images --format '{{.Repository}}:{{.Tag}}'
docker image prune -f | grep -c deleted:
sorted docker images --format '{{.Repository}}:{{.Tag}}'
try docker image prune -f --filter nosuch=1
docker image prune -a -f | grep untagged: | sort
sorted docker images --format '{{.Repository}}:{{.Tag}}'
