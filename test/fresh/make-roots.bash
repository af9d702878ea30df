#!/usr/bin/env bash
# Makes the archives that script/test-fresh unpacks: make-roots.bash DIRECTORY
# DIRECTORY/base.tar      only Debian 13, for the Debian package
# DIRECTORY/system.tar    with git, sudo and Debian's Node.js, a user who may use sudo, and builds of newer Node.js in /opt
# Existing archives do not change. Archives keep the owners of files, whoever owns the directory.
set -euo pipefail
directory=$(realpath "$1")
suite=trixie
debian_mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
newer_nodes=(22 24 26)
work=$(mktemp -d /var/tmp/tcpconn-roots-XXXXXX)
trap 'rm -rf --one-file-system "$work"' EXIT

# in_root ROOT COMMAND…: runs it in namespaces of its own, so that no mounts or processes remain.
in_root() {
  local root=$1
  shift
  # shellcheck disable=SC2016 # expanded inside
  unshare --mount --pid --fork --kill-child sh -c 'mount -t proc proc "$0/proc"
    exec chroot "$0" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive "$@"' "$root" "$@"
}

make_base() {
  debootstrap --variant=minbase --keyring=/usr/share/keyrings/debian-archive-keyring.gpg "$suite" "$1" "$debian_mirror"
  rm -f "$1"/var/cache/apt/archives/*.deb
}

make_system() {
  mkdir "$1"
  tar -xf "$directory/base.tar" -C "$1"
  cp -L /etc/resolv.conf "$1/etc/resolv.conf"
  in_root "$1" apt-get -q update
  in_root "$1" apt-get -q -y install --no-install-recommends git sudo nodejs npm ca-certificates libatomic1
  rm -f "$1"/var/cache/apt/archives/*.deb
  # Debian 13 creates the home directory with mode 0700.
  in_root "$1" useradd --create-home --shell /bin/bash sre
  echo 'sre ALL=(ALL) NOPASSWD: ALL' >"$1/etc/sudoers.d/sre"
  # Certificates that this host trusts in addition to Debian's, such as that of a proxy.
  cp /etc/ssl/certs/ca-certificates.crt "$1/etc/ssl/certs/ca-certificates.crt"
  echo cafile=/etc/ssl/certs/ca-certificates.crt >"$1/home/sre/.npmrc"
  add_newer_nodes "$1/opt"
}

# npm's packages of Node.js are whole builds, with headers and without npm. They need libatomic1.
add_newer_nodes() {
  local major package
  for major in "${newer_nodes[@]}"; do
    mkdir "$1/node-$major"
    package=$(cd "$work" && npm pack --silent "node-linux-$(node -p process.arch)@$major")
    tar -xzf "$work/$package" --strip-components=1 -C "$1/node-$major"
    npm install --silent --global --prefix "$1/node-$major" npm@11
  done
}

# make NAME: creates the complete archive, or none.
make() {
  [[ ! -e $directory/$1.tar ]] || return 0
  "make_$1" "$work/$1"
  tar --numeric-owner -cf "$directory/$1.tar.new" -C "$work/$1" .
  mv "$directory/$1.tar.new" "$directory/$1.tar"
}

mkdir -p "$directory"
make base
make system
