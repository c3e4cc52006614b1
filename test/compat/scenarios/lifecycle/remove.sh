# rm: forced, with volumes, several, and what remains.
quiet docker run -d --name c1 -v /anon -v named:/n busybox sleep 60
try docker rm c1
try docker rm -f c1
sorted docker volume ls -q -f name=named
try sh -c 'docker volume ls -q | wc -l'
quiet docker run -d --name c2 -v /anon -v named:/n busybox sleep 60
try docker rm -fv c2
try sh -c 'docker volume ls -q | wc -l'
quiet docker create --name c3 busybox
try docker rm c3 c3 missing
try docker rm -f missing
