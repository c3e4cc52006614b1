# Tags and their removal.
try docker tag busybox my/image:v1
try docker tag busybox 'Upper:case'
try docker tag busybox 'bad::tag'
try docker tag missing other
try docker rmi my/image
try docker rmi my/image:v1
try docker tag busybox a/b:c
try docker tag web a/b:c
try docker inspect -f '{{.RepoTags}}' a/b:c
try docker rmi missing
try docker rmi a/b:c missing
try docker tag busybox two:1
id=$(docker inspect -f '{{.Id}}' busybox)
try docker rmi $id
try docker rmi -f two:1
