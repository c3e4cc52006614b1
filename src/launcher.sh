#!/bin/sh
# Starts Berth with the Node that was installed beside it, whatever Node the system has.
self=$0
[ -h "$self" ] && self=$(readlink -f -- "$self")
case $self in */*) here=${self%/*} ;; *) here=. ;; esac
exec "$here/node" --disable-warning=ExperimentalWarning "$here/app/berth.mjs" "$@"
