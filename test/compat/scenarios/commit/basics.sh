# commit: files, settings, changes.
quiet docker run --name c1 -e FROM=run -l of=container busybox sh -c 'echo kept >/file; rm /etc/group'
try docker commit -a 'Some One' -m 'said so' c1 mine:one
try docker run --rm mine:one cat /file
try docker run --rm mine:one ls /etc/group
try docker inspect -f '{{.Author}}|{{.Comment}}|{{json .Config.Env}}|{{json .Config.Cmd}}|{{json .Config.Labels}}|{{len .RootFS.Layers}}' mine:one
try docker commit -c 'CMD ["echo","hi"]' -c 'EXPOSE 81' -c 'WORKDIR /tmp' -c 'USER nobody' -c 'ENTRYPOINT []' c1 mine:two
try docker run --rm mine:two
try docker inspect -f '{{json .Config.Cmd}} {{json .Config.ExposedPorts}} {{.Config.WorkingDir}} {{.Config.User}}' mine:two
try docker commit c1
try docker commit -c 'NOSUCH x' c1 mine:three
try docker commit missing mine:four
try docker commit c1 'Bad Name'
