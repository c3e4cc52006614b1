# --mount with all of its words.
mkdir src
quiet docker create --name c1 --mount type=bind,source="$PWD/src",target=/b,bind-propagation=rprivate,readonly --mount type=volume,source=v1,target=/v,volume-label=a=b --mount type=tmpfs,target=/t,tmpfs-size=1m,tmpfs-mode=700 --tmpfs /t2:size=2m busybox
fields docker inspect -f '{{json .HostConfig.Mounts}}' c1
fields docker inspect -f '{{json .HostConfig.Tmpfs}}' c1
sorted docker inspect -f '{{range .Mounts}}{{.Type}} {{.Destination}} {{.Mode}} {{.RW}} {{.Propagation}} {{.Driver}}{{println}}{{end}}' c1
try docker volume inspect -f '{{.Labels}}' v1
try docker run --rm --mount type=tmpfs,target=/t,tmpfs-size=1m,tmpfs-mode=700 busybox sh -c 'stat -c %a /t; df -k /t | tail -1 | tr -s " " | cut -d" " -f2'
try docker run --rm --mount type=nosuch,target=/t busybox true
try docker run --rm --mount type=tmpfs,source=x,target=/t busybox true
try docker run --rm --mount type=volume,target=/ busybox true
try docker run --rm --mount type=bind,source=relative,target=/t busybox true
try docker run --rm --mount type=bind,target=/t busybox true
