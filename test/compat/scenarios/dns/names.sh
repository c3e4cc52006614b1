# Names on a user-defined network: containers, aliases, links.
quiet docker network create net1
quiet docker run -d --name web1 --network net1 --network-alias www web
answers() { try docker run --rm --network net1 "$@"; }
answers busybox sh -c 'nslookup web1 | grep -c Address'
answers busybox sh -c 'wget -q -O- http://www/ | head -1'
answers busybox sh -c 'nslookup nosuch.invalid >/dev/null 2>&1 || echo none'
answers busybox sh -c 'grep -v "^#" /etc/resolv.conf | grep -e nameserver'
answers --link web1:linked busybox sh -c 'wget -q -O- http://linked/ | head -1'
quiet docker rename web1 web2
answers busybox sh -c 'wget -q -O- http://web2/ | head -1'
