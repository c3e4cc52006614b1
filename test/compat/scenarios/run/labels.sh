# Labels, from flags and from a file, over the image's.
echo from.file=yes >labels
quiet docker create --name c1 -l a=1 -l b -l org.opencontainers.image.title=mine --label-file labels web
fields docker inspect -f '{{json .Config.Labels}}' c1
try docker ps -a -q -f label=b -f label=from.file=yes --format '{{.Names}}'
