# A new volume takes what the image has in its place; nocopy doesn't.
try docker run --rm -v fresh:/etc busybox sh -c 'ls /etc | grep -c passwd'
try docker run --rm -v fresh:/data busybox sh -c 'ls /data | grep -c passwd'
try docker run --rm -v empty:/etc:nocopy busybox sh -c 'ls /etc | grep -c passwd'
try docker run --rm --mount type=volume,source=m1,target=/etc,volume-nocopy=true busybox sh -c 'ls /etc | grep -c passwd'
try docker run --rm -v fresh2:/bin/../etc busybox sh -c 'ls /etc | grep -c passwd'
