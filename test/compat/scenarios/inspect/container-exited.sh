# A container that has ended, every field.
quiet docker run --name c1 -h box busybox true
fields docker inspect c1
