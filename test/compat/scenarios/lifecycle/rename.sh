# Renaming, and names that can't be.
quiet docker create --name a1 busybox
quiet docker create --name b1 busybox
try docker rename a1 c1
try docker inspect -f '{{.Name}}' c1
try docker rename c1 b1
try docker rename c1 'not a name'
try docker rename c1 ''
try docker rename c1 c1
try docker rename missing d1
try docker create --name b1 busybox
try docker create --name 'x/y' busybox
try docker create --name x1 busybox
