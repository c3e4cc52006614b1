# Ports that are taken, ranges, random ones.
quiet docker run -d --name one -p 18080:80 web
try docker run --name two -p 18080:80 web
try docker inspect -f '{{.State.Status}} {{.State.ExitCode}}' two
quiet docker rm two
quiet docker run -d --name three -p 18085-18086:80 web
try docker port three
quiet docker run -d --name random -p 80 web
try sh -c 'docker port random 80/tcp | head -1 | cut -d: -f1'
quiet docker run -d --name all -P web
try sh -c 'docker port all | cut -d" " -f1 | sort -u'
try docker run --rm -p 80000:80 web
try docker run --rm -p 80:80:80:80 web
try docker run --rm -p 18090-18091:80-82 web
try docker run --rm -p nosuch:80 web
