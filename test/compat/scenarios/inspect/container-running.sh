# A running container with ports, environment and labels, every field.
quiet docker run -d --name web -h box -p 18080:80 -p 127.0.0.1:18443:443/tcp -e A=b -l k=v web
fields docker inspect web
