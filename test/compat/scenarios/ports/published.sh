# Published ports: every way to say them, and reaching them.
quiet docker run -d --name web -p 18080:80 -p 127.0.0.1:18081:80 -p 18082:80/udp web
sorted docker port web
try docker port web 80
try docker port web 80/udp
try docker port web 81
until_true curl -sf http://127.0.0.1:18080/
try sh -c 'curl -s http://127.0.0.1:18080/ | head -1'
try sh -c 'curl -s http://127.0.0.1:18081/ | head -1'
try sh -c 'curl -s http://198.51.100.1:18080/ | head -1'
try sh -c 'curl -s -m 2 http://198.51.100.1:18081/ || echo unreachable'
quiet docker stop -t 0 web
try sh -c 'curl -s -m 2 http://127.0.0.1:18080/ || echo unreachable'
try docker port web
