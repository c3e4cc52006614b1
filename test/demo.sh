#!/bin/bash
# The main job, end to end, as `make run` shows it: load a layered image, run it with a published port, fetch its page,
# look at what was built in the kernel, stop, remove, leave no trace.
#
# It happens in a world of its own: one network namespace plays the host, another a neighbour on its LAN
# (198.51.100.0/24), with no way out. The machine's own interfaces, routes and firewall are not touched.
set -euo pipefail
cd "$(dirname "$0")/.."

world=berth-demo-$$
lan=$world-lan
dir=$(mktemp -d /tmp/$world.XXXX)
daemon=

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
type_() { printf '\033[2m$ %s\033[0m\n' "$*"; }
# As `ip netns exec`, which would hide the cgroups.
on_host() { nsenter --net=/run/netns/$world "$@"; }
on_neighbour() { nsenter --net=/run/netns/$lan "$@"; }
berth() { on_host dist/berth -H "unix://$dir/run/berth.sock" "$@"; }
show() { type_ "$*"; "$@"; }
shown_as() { local words=$1; shift; type_ "$words"; "$@"; }

trace() { # what could be left behind: links, rules, namespaces, cgroups, mounts
  on_host ip -o link show | sed 's/^[0-9]*: //; s/@.*//; s/:.*//' | sort
  on_host iptables-save | grep -v '^[#:]' | sort || true
  ls /run/netns 2>/dev/null | grep -v "^$world" | sort || true
  find /sys/fs/cgroup -maxdepth 3 -type d -path "*$world*" 2>/dev/null | sort
  grep -c "$dir" /proc/self/mountinfo || true
}

finish() {
  status=$?
  if [ -n "$daemon" ]; then
    [ $status = 0 ] || { berth rm -f web >/dev/null 2>&1 || true; tail -n 20 "$dir/daemon.log" >&2 || true; }
    kill "$daemon" 2>/dev/null || true
    wait "$daemon" 2>/dev/null || true
  fi
  if pgrep -f -- "$dir" >/dev/null; then
    echo 'processes were left behind:' >&2
    pgrep -af -- "$dir" >&2
    status=1
  fi
  ip netns del $world 2>/dev/null || true
  ip netns del $lan 2>/dev/null || true
  find /sys/fs/cgroup -depth -type d -path "*/$world*" -exec rmdir {} \; 2>/dev/null || true
  rm -rf "$dir"
  exit $status
}
trap finish EXIT

ip netns add $world
ip netns add $lan
ip -n $world link add eth0 type veth peer name eth0 netns $lan
ip -n $world link set lo up; ip -n $world link set eth0 up; ip -n $world addr add 198.51.100.1/24 dev eth0
ip -n $lan link set lo up; ip -n $lan link set eth0 up; ip -n $lan addr add 198.51.100.2/24 dev eth0

mkdir -p "$dir/run"
# Not through a function: the job must be the daemon itself, so that it can be ended.
nsenter --net=/run/netns/$world dist/berth daemon --root "$dir/root" --run "$dir/run" --host "unix://$dir/run/berth.sock" \
  --cgroup-parent /$world >"$dir/daemon.log" 2>&1 &
daemon=$!
for _ in $(seq 200); do [ -S "$dir/run/berth.sock" ] && break; kill -0 $daemon; sleep 0.05; done
before=$(trace)

say 'An image is an archive of layers'
shown_as 'berth load -i build/images/web.tar' berth load -q -i build/images/web.tar
shown_as 'berth images' berth images
shown_as 'berth history web' berth history web

say 'A container is a process in namespaces of its own, under cgroups, on a bridge'
shown_as 'berth run -d --init --name web -p 10080:80 --memory 64m web' berth run -d --init --name web -p 10080:80 --memory 64m web
shown_as 'berth ps' berth ps
for _ in $(seq 100); do on_host curl -sf -o /dev/null http://127.0.0.1:10080/ && break; sleep 0.05; done
shown_as 'curl http://127.0.0.1:10080/' on_host curl -sf http://127.0.0.1:10080/
shown_as 'neighbour$ curl http://198.51.100.1:10080/' on_neighbour curl -sf http://198.51.100.1:10080/
! on_host curl -sf -o /dev/null http://127.0.0.1:10080/draft.html || { echo 'the whiteout of /draft.html does not hold' >&2; exit 1; }

say 'What was built in the kernel'
pid=$(berth inspect -f '{{.State.Pid}}' web)
shown_as 'ip -br link; ip -br addr' on_host sh -c 'ip -br link; ip -br addr'
shown_as 'ip netns exec web ip -br addr' nsenter --net=/run/netns/web ip -br addr
shown_as 'ip netns exec web ip route' nsenter --net=/run/netns/web ip route
shown_as "ip netns | grep -e web -e $pid" sh -c "ip netns list | grep -e '^web' -e '^$pid'"
shown_as 'iptables-save | grep -e MASQUERADE -e DNAT' on_host sh -c "iptables-save | grep -e MASQUERADE -e DNAT"
shown_as "ls -l /proc/$pid/ns" sh -c "ls -l /proc/$pid/ns | sed -n 's/.* \\([a-z_]* -> .*\\)/\\1/p'"
shown_as "cat /proc/$pid/cgroup" sed "s/$world/berth/" /proc/$pid/cgroup
shown_as "grep ' / ' /proc/$pid/mountinfo" sh -c "grep ' / / ' /proc/$pid/mountinfo | cut -c1-150"

say 'Stop, remove, no trace'
shown_as 'berth stop -t 2 web' berth stop -t 2 web
shown_as 'berth ps -a' berth ps -a
shown_as 'berth rm web' berth rm web
shown_as 'berth rmi web' berth rmi web
after=$(trace)
if [ "$before" = "$after" ]; then
  echo 'links, rules, namespaces, cgroups and mounts are as they were before'
else
  diff <(echo "$before") <(echo "$after") || true
  echo 'something was left behind' >&2
  exit 1
fi
