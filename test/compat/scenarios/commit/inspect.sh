# A committed image, every field.
quiet docker run --name c1 -h box busybox sh -c 'echo kept >/file'
quiet docker commit -m message c1 mine
fields docker image inspect mine
api GET '/v1.41/images/mine/history'
