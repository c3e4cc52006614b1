# busybox and a site: a layer adds two pages, the next takes one of them away again (a whiteout).
from busybox
mkdir -p "$root/www"
cat >"$root/www/index.html" <<'END'
<!doctype html>
<title>Berth</title>
<h1>It runs</h1>
<p>This page comes from a container: a process in namespaces of its own, behind a veth pair on a bridge.</p>
END
echo 'not for the public' >"$root/www/draft.html"
layer
mkdir -p "$root/www"
: >"$root/www/.wh.draft.html"
layer
settings '{"Cmd":["httpd","-f","-p","80","-h","/www"],"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"ExposedPorts":{"80/tcp":{}},"Labels":{"org.opencontainers.image.title":"web"},"StopSignal":"SIGTERM"}'
