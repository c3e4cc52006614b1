# Environment, working directory, host name, user.
sorted docker run --rm -h box -e A=1 -e B='two words' -e PATH busybox env
echo C=3 >file.env
sorted docker run --rm -h box --env-file file.env -e A= busybox env
try docker run --rm -w /not/there/yet busybox pwd
try docker run --rm -h ship --domainname example.test busybox sh -c 'hostname; cat /etc/hostname'
try docker run --rm -u 1000:1001 busybox id
try docker run --rm -u nobody busybox id
try docker run --rm -u www-data:users --group-add 20 busybox id
try docker run --rm -u missing busybox id
try docker run --rm -u 1000:nogroupofthatname busybox id
try docker run --rm -w relative busybox pwd
