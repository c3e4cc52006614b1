#!/bin/bash
# Builds sample images: images/build.sh NAME…  →  build/images/NAME.tar, an archive as `docker save` writes it.
#
# Each is a recipe (images/NAME/recipe.sh) of a few words, all from Debian's packages. The same input gives the same
# bytes. An image that is newer than its recipe stays.
#
#   from NAME        start with the layers and settings of another sample image
#   layer            pack what was put into $root as the next layer, and empty $root
#   settings JSON    the image's config (Cmd, Env, ExposedPorts …), as in the OCI image spec
#   package NAME…    unpack Debian packages into $root (fetched once, kept in build/packages)
set -euo pipefail
cd "$(dirname "$0")/.."
top=$PWD
epoch=1700000000 # of every file: the same input gives the same bytes
out=$top/build/images
mkdir -p "$out"

case $(uname -m) in x86_64) architecture=amd64 ;; aarch64) architecture=arm64 ;; *) architecture=$(uname -m) ;; esac

pack() { # DIR → a tar of its entries, on stdout
  (cd "$1" && find . -mindepth 1 -printf '%P\0' | LC_ALL=C sort -z |
    tar --create --no-recursion --null --files-from=- --numeric-owner --mtime=@$epoch --format=gnu)
}

from() {
  [ -f "$out/$1.tar" ] || "$top/images/build.sh" "$1"
  tar -xf "$out/$1.tar" -C "$work/archive" --exclude='*.json'
  settings=$(cat "$out/.$1.settings")
  mapfile -t layers <"$out/.$1.layers"
}

layer() {
  pack "$root" >"$work/layer.tar"
  local digest
  digest=$(sha256sum "$work/layer.tar" | cut -d' ' -f1)
  mkdir -p "$work/archive/$digest"
  mv "$work/layer.tar" "$work/archive/$digest/layer.tar"
  layers+=("$digest")
  rm -rf "$root"
  mkdir "$root"
}

settings() { settings=$1; }

package() {
  mkdir -p "$top/build/packages"
  local name
  for name; do
    compgen -G "$top/build/packages/${name}_*.deb" >/dev/null ||
      (cd "$top/build/packages" && { apt-get download -qq -o APT::Sandbox::User=root "$name" || { apt-get update -qq && apt-get download -qq -o APT::Sandbox::User=root "$name"; }; } >/dev/null) ||
      { echo "images/build.sh: package $name can't be fetched" >&2; exit 1; }
    dpkg-deb -x "$(compgen -G "$top/build/packages/${name}_*.deb" | head -n 1)" "$root"
  done
}

# The shared libraries that a program of $root needs and $root doesn't have, from the installed packages.
libraries() {
  local file
  LD_LIBRARY_PATH=$(find "$root" -name '*.so*' -printf '%h\n' | sort -u | paste -sd:) ldd "$1" |
    awk '/not found/ { print "images/build.sh: " $1 " not found" >"/dev/stderr"; exit 1 } $3 ~ /^\// { print $3 } $1 ~ /^\// { print $1 }' |
    while read -r file; do
      case $file in "$root"/*) continue ;; esac
      mkdir -p "$root$(dirname "$file")"
      cp -L "$file" "$root$file"
    done
}

list() { printf '"%s"\n' "$@" | paste -sd,; }

build() {
  local name=$1
  work=$(mktemp -d)
  root=$work/root
  layers=()
  settings='{}'
  mkdir -p "$work/archive" "$root"
  # shellcheck source=/dev/null
  . "images/$name/recipe.sh"
  printf '%s\n' "${layers[@]}" >"$out/.$name.layers"
  printf '%s' "$settings" >"$out/.$name.settings"
  local created config history
  created=$(date -u -d "@$epoch" +%Y-%m-%dT%H:%M:%SZ)
  history=$(for l in "${layers[@]}"; do printf '{"created":"%s","created_by":"images/build.sh %s # %s"}\n' "$created" "$name" "${l:0:12}"; done | paste -sd,)
  printf '{"architecture":"%s","config":%s,"created":"%s","history":[%s],"os":"linux","rootfs":{"diff_ids":[%s],"type":"layers"}}' \
    "$architecture" "$settings" "$created" "$history" "$(list "${layers[@]/#/sha256:}")" >"$work/config"
  config=$(sha256sum "$work/config" | cut -d' ' -f1)
  mv "$work/config" "$work/archive/$config.json"
  printf '[{"Config":"%s.json","RepoTags":["%s:latest"],"Layers":[%s]}]' "$config" "$name" "$(list "${layers[@]/%//layer.tar}")" >"$work/archive/manifest.json"
  pack "$work/archive" >"$out/.$name.tar"
  mv "$out/.$name.tar" "$out/$name.tar"
  rm -rf "$work"
}

for name; do
  [ -f "images/$name/recipe.sh" ] || { echo "images/build.sh: no recipe images/$name/recipe.sh" >&2; exit 1; }
  [ -n "$(find "$out" -name "$name.tar" -newer "images/$name/recipe.sh" -newer images/build.sh)" ] && continue
  (umask 022; build "$name")
  echo "built build/images/$name.tar"
done
