# export: the file system of a container, running or not.
quiet docker run --name c1 busybox sh -c 'echo kept >/file; mkdir /dir; ln -s /file /dir/link; chmod 4755 /file'
docker export c1 >out.tar
tar tvf out.tar | grep -E ' (file|dir/|dir/link)' | sed 's/  */ /g' | cut -d' ' -f1,2,6-
docker export -o other.tar c1
cmp out.tar other.tar && echo same
tar xOf out.tar file
try docker export missing
