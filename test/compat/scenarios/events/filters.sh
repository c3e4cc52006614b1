# Filters of events, and one event with every field.
since=$(date +%s)
quiet docker run --name c1 -l k=v busybox true
quiet docker run --name c2 busybox true
quiet docker volume create v1
sleep 1
until=$(date +%s)
show() { try docker events --since $since --until $until --format '{{.Type}} {{.Action}} {{index .Actor.Attributes "name"}}' "$@"; }
show -f container=c1 -f event=start
show -f event=die
show -f label=k=v -f event=create
show -f image=busybox -f event=start
show -f type=volume
show -f volume=v1
show -f nosuch=1
fields sh -c "docker events --since $since --until $until --format '{{json .}}' -f event=die -f container=c1"
