# import: a plain root file system becomes an image.
mkdir -p root/bin
cp "$(command -v busybox || echo /bin/busybox)" root/bin/busybox
tar -C root -cf root.tar .
try docker import root.tar imported:one
try docker run --rm imported:one /bin/busybox echo runs
try docker import -c 'CMD ["/bin/busybox","echo","changed"]' -c 'ENV A=b' -c 'LABEL l=m' -m 'a message' root.tar imported:two
try docker run --rm imported:two
try docker inspect -f '{{json .Config.Cmd}} {{json .Config.Env}} {{json .Config.Labels}} {{.Comment}}' imported:two
try docker import -c 'NOSUCH x' root.tar imported:three
try sh -c 'docker import - imported:four <root.tar'
fields docker image inspect imported:one
