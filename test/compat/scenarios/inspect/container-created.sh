# A container that was only created, every field.
quiet docker create --name c1 -h box busybox echo hello
fields docker inspect c1
