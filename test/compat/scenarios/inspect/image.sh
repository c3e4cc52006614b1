# The sample images, every field.
fields docker image inspect busybox
fields docker image inspect web
try docker image inspect -f '{{.Id}}' busybox:latest
try docker image inspect missing
try docker inspect missing
