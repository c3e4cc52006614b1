# cp: what can't be.
quiet docker create --name c1 busybox
echo x >file
mkdir dir
try docker cp c1:/missing .
try docker cp missing-file c1:/tmp
try docker cp file c1:/no/such/dir/
try docker cp file c1:/no/such/file
try docker cp dir c1:/etc/passwd
try docker cp c1:/etc/passwd /no/such/dir/
try docker cp nobody:/etc .
try docker cp file c1:/etc/passwd/x
api HEAD '/v1.41/containers/c1/archive?path=/missing' | head -1
api GET '/v1.41/containers/c1/archive'
api PUT '/v1.41/containers/c1/archive?path=/missing'
