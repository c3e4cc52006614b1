# save and load: files, names, streams.
quiet docker tag web saved:one
try docker save -o saved.tar saved:one busybox
tar xOf saved.tar manifest.json | tr ',' '\n' | grep -c RepoTags
quiet docker rmi saved:one
try docker load -i saved.tar
try docker load -q -i saved.tar
try sh -c 'docker save busybox | docker load'
try docker load -i missing.tar
echo rubbish >rubbish.tar
try docker load -i rubbish.tar
try docker save missing
try docker save -o /nowhere/x busybox
