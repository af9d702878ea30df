#!/usr/bin/env bash
# shellcheck disable=SC2154
# Runtimes without a daemon: Podman of a user, LXC, systemd-nspawn. Sourced by checks.bash, which defines work.

# An id that no user of this system has.
user=sre user_id=51234 home=/home/sre
# The part of the tree of cgroups that systemd gives to a user.
user_slice=/user.slice/user-$user_id.slice/user@$user_id.service

# start_in CGROUP COMMAND…: in a new cgroup, which is removed afterwards with all below it.
start_in() {
  local directory=/sys/fs/cgroup$1 status
  shift
  mkdir -p "$directory"
  # shellcheck disable=SC2016
  bash -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$directory" "$@"
  status=$?
  find "$directory" -depth -type d -exec rmdir {} + 2>/dev/null
  return "$status"
}

# A user with ids of its own for containers, and a part of the tree of cgroups, as systemd delegates it.
configure_rootless() {
  printf '%s:x:%d:%d::%s:/bin/bash\n' "$user" "$user_id" "$user_id" "$home" >>/etc/passwd
  printf '%s:x:%d:\n' "$user" "$user_id" >>/etc/group
  printf '%s:100000:65536\n' "$user" | tee /etc/subuid >/etc/subgid
  mkdir -p "$home/.config/containers" "/run/user/$user_id" /etc/containers
  printf '[containers]\ndefault_ulimits=["nofile=1024:4096","nproc=4096:4096"]\n[engine]\ncgroup_manager="cgroupfs"\nevents_logger="file"\nruntime="runc"\n' \
    >"$home/.config/containers/containers.conf"
  printf '[storage]\ndriver="vfs"\n' >"$home/.config/containers/storage.conf"
  echo '{"default":[{"type":"insecureAcceptAnything"}]}' >/etc/containers/policy.json
  mkdir -p "/sys/fs/cgroup$user_slice/user.slice"
  chown "$user_id:$user_id" "/sys/fs/cgroup$user_slice/user.slice"{,/cgroup.procs,/cgroup.subtree_control}
  chown -R "$user_id:$user_id" "$home" "/run/user/$user_id"
}

# Ends the process that keeps the user's namespaces, and removes the cgroups.
end_rootless() {
  local scope=/sys/fs/cgroup$user_slice/user.slice/shell.scope
  xargs -r kill -KILL <"$scope/cgroup.procs"
  wait_for rmdir "$scope"
  find "/sys/fs/cgroup/user.slice/user-$user_id.slice" -depth -type d -exec rmdir {} +
  rmdir --ignore-fail-on-non-empty /sys/fs/cgroup/user.slice
}

# The cgroups of machines, and one that LXC keeps for its next container.
end_machines() { rmdir --ignore-fail-on-non-empty /sys/fs/cgroup/machine.slice; }
end_lxc() { rmdir /sys/fs/cgroup/lxc.pivot; }

# as_user COMMAND…: in a cgroup of the user, beside which runc makes those of containers.
as_user() {
  local directory=/sys/fs/cgroup$user_slice/user.slice/shell.scope
  mkdir -p "$directory"
  chown -R "$user_id:$user_id" "$directory"
  # shellcheck disable=SC2016
  bash -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$directory" \
    setpriv --reuid "$user_id" --regid "$user_id" --init-groups env -i PATH="$PATH" HOME="$home" USER="$user" \
    XDG_RUNTIME_DIR="/run/user/$user_id" "$@"
}

# A container without a network of its own but loopback, in which LXC mounts nothing.
configure_lxc() {
  cat >"$work/brief.conf" <<END
lxc.rootfs.path = dir:$work/brief-root
lxc.init.cmd = /brief
lxc.net.0.type = empty
lxc.net.0.flags = up
lxc.autodev = 0
lxc.tty.max = 0
lxc.console.path = none
lxc.apparmor.profile = unconfined
END
}
