# images: rows, filters, formats.
sorted docker images --format '{{.Repository}}:{{.Tag}} {{.ID}}'
quiet docker tag busybox other/name:1.0
quiet docker tag busybox other/name:2.0
sorted docker images --format '{{.Repository}}:{{.Tag}}' other/name
sorted docker images --format '{{.Repository}}:{{.Tag}}' -f reference='other/*:1*'
sorted docker images --format '{{.Repository}}:{{.Tag}}' -f label=org.opencontainers.image.title
sorted docker images --format '{{.Repository}}:{{.Tag}}' -f dangling=true
sorted docker images --format '{{.Repository}}:{{.Tag}}' -f dangling=false
sorted docker images --format '{{.Repository}}:{{.Tag}}' -f before=web
sorted docker images --format '{{.Repository}}:{{.Tag}}' -f since=busybox
try docker images -f nosuch=1
try docker images -q missing
try docker images -f dangling=x
