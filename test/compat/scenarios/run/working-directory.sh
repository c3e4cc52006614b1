# The working directory is made where the image has none.
try docker run --rm -w /made/up busybox sh -c 'pwd; stat -c "%a %U" /made/up'
try docker run --rm -w /etc/passwd busybox true
try docker run --rm -w /tmp -u nobody busybox sh -c 'pwd; touch x; ls'
try docker run --rm -w /root/.. busybox pwd
