# ps with every filter.
quiet docker run -d --name running -l app=web -l tier=front busybox sleep 60
quiet docker run --name exited -l app=db busybox sh -c 'exit 3'
quiet docker create --name created -l app=web -v /data busybox
quiet docker run -d --name paused web
quiet docker pause paused
names() { sorted docker ps --format '{{.Names}} {{.State}}' "$@"; }
names
names -a
names -n 2
names -l
for state in running exited created paused restarting dead removing; do names -a -f status=$state; done
names -a -f label=app
names -a -f label=app=web
names -a -f label=app=web -f label=tier=front
names -a -f name=run
names -a -f name='^/exited$'
names -a -f exited=3
names -a -f ancestor=web
names -a -f ancestor=busybox:latest
names -a -f volume=/data
names -a -f network=bridge
names -a -f network=none
names -a -f before=paused
names -a -f since=running
names -a -f expose=80
names -a -f publish=80
names -a -f health=none
names -a -f is-task=false
names -f status=nosuch
names -f nosuch=1
names -f exited=x
names -f health=nosuch
