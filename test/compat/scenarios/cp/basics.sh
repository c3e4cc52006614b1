# cp: both ways, files and directories, running and not.
quiet docker run -d --name c1 busybox sleep 60
echo content >file
mkdir dir
echo one >dir/one
try docker cp file c1:/tmp/
try docker cp dir c1:/tmp/copied
try docker cp dir/. c1:/tmp/flat
try docker exec c1 sh -c 'cat /tmp/file; ls /tmp /tmp/copied; cat /tmp/copied/one'
try docker cp c1:/tmp/copied back
try cat back/one
try docker cp c1:/tmp/file renamed
try cat renamed
docker cp c1:/tmp/file - | tar tf -
tar cf - file | docker cp - c1:/var
try docker exec c1 cat /var/file
quiet docker kill c1
try docker cp file c1:/root/stopped
try docker cp c1:/root/stopped after
try cat after
