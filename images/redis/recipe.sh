# Debian's redis-server with its libraries: a real service.
from busybox
package redis-server redis-tools libjemalloc2 liblua5.1-0 liblzf1 libhiredis0.14 libatomic1 lua-cjson lua-bitop
libraries "$root/usr/bin/redis-server"
libraries "$root/usr/bin/redis-cli"
rm -rf "$root"/usr/share/{doc,man,lintian} "$root"/{lib/systemd,etc/init.d,etc/logrotate.d}
mkdir -p "$root/data" "$root/etc"
cat >"$root/etc/passwd" <<'END'
root:x:0:0:root:/root:/bin/sh
www-data:x:33:33:www-data:/var/www:/bin/false
redis:x:999:999:redis:/data:/bin/false
nobody:x:65534:65534:nobody:/home:/bin/false
END
printf 'root:x:0:\nwww-data:x:33:\nredis:x:999:\nnogroup:x:65534:\n' >"$root/etc/group"
chown 999:999 "$root/data"
layer
settings '{"Entrypoint":["redis-server"],"Cmd":["--bind","0.0.0.0","--protected-mode","no","--dir","/data"],"User":"redis","WorkingDir":"/data","Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"ExposedPorts":{"6379/tcp":{}},"Volumes":{"/data":{}}}'
