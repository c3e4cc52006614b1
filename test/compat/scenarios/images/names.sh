# The ways to name an image.
id=$(docker inspect -f '{{.Id}}' busybox)
short=$(echo "$id" | cut -c8-19)
for name in busybox busybox:latest docker.io/busybox docker.io/library/busybox:latest library/busybox "$id" "$short" "sha256:$short"; do
  docker image inspect -f '{{.RepoTags}}' "$name"
done
try docker image inspect -f '{{.RepoTags}}' busybox:other
try docker image inspect -f '{{.RepoTags}}' 'Bad Name'
try docker run --rm "$short" echo by id
quiet docker create --name c1 "$short"
try docker ps -a --format '{{.Image}}'
