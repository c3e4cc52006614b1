# diff: added, changed, deleted.
quiet docker run --name c1 busybox sh -c 'mkdir /new; echo x >/new/file; rm /etc/group; echo y >>/etc/passwd; ln -s a /link; chmod 700 /home'
sorted docker diff c1
quiet docker create --name c2 busybox
try docker diff c2
api GET /v1.41/containers/c2/changes
