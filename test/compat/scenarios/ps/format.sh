# What a row of ps says.
quiet docker run -d --name web -h box -p 18080:80 -p 18443:443 web
quiet docker create --name c1 -v /data busybox sh -c 'echo a long command that is cut somewhere'
try docker ps -a --format '{{.Names}}|{{.Image}}|{{.Command}}|{{.Ports}}|{{.Status}}|{{.Networks}}|{{.LocalVolumes}}'
try docker ps -a --no-trunc --format '{{.ID}}|{{.Command}}'
fields docker ps -a --filter name=web --format '{{json .}}'
api GET '/v1.41/containers/json?all=1'
