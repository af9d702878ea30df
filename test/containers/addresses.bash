#!/usr/bin/env bash
# shellcheck disable=SC2154
# Names of the container or pod that has the destination. Sourced by checks.bash, which defines engine, client, options, work, daemon,
# reference, node, load, record_names and expect_sql. Bridges are made in a network namespace of their own: that of the daemon, or for
# podman, which has none, one for this check.

# containerd's CRI plugin with an own pause image, and a network of the CNI plugin ptp.
configure_cri() {
  mkdir -p /etc/cni/net.d
  printf '{"cniVersion":"0.4.0","name":"pods","plugins":[{"type":"ptp","ipam":{"type":"host-local","subnet":"10.22.0.0/24"}}]}' \
    >/etc/cni/net.d/10-pods.conflist
  cat >"$work/containerd.toml" <<END
version = 2
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "localhost/pause:1"
disable_apparmor = true
restrict_oom_score_adj = true
[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "/usr/lib/cni"
conf_dir = "/etc/cni/net.d"
[plugins."io.containerd.grpc.v1.cri".containerd]
snapshotter = "native"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
BinaryName = "$work/runc-without-cpu"
END
  # The controller for CPU time may be in cgroup v1, as on this machine: then runc cannot set the shares of a sandbox.
  cat >"$work/runc-without-cpu" <<'END'
#!/usr/bin/env bash
for ((i = 1; i < $#; i++)); do
  [[ ${!i} != --bundle ]] || { at=$((i + 1)) && sed -i -E 's/"shares":[0-9]+,?//' "${!at}/config.json"; }
done
exec runc "$@"
END
  chmod +x "$work/runc-without-cpu"
}

# load_pause: an image of one program that waits, named localhost/pause:1.
load_pause() {
  local layer
  mkdir -p pause-root
  cp pause pause-root
  tar -C pause-root -cf pause-layer.tar pause
  layer=$(sha256sum pause-layer.tar | cut -d ' ' -f 1)
  printf '{"architecture":"%s","os":"linux","config":{"Entrypoint":["/pause"]},"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' \
    "$(dpkg --print-architecture)" "$layer" >pause.json
  printf '[{"Config":"pause.json","RepoTags":["localhost/pause:1"],"Layers":["pause-layer.tar"]}]' >manifest.json
  tar -cf pause.tar manifest.json pause.json pause-layer.tar
  if [[ $engine == containerd ]]; then
    "${client[@]}" --namespace k8s.io images import --snapshotter native pause.tar
  else
    load pause.tar
  fi
}

# connect_to NETNS-PID ADDRESS: five connects, a second apart: the files are read once per second. They are made in the cgroup of a
# container: outside of containers, a process in this network namespace would not be known to mean the same addresses.
connect_to() {
  local cgroup
  # Engines are tested at the same time, with one tree of cgroups.
  cgroup=/sys/fs/cgroup/docker-$(printf '%s' "$engine" | sha256sum | cut -d ' ' -f 1).scope
  mkdir "$cgroup"
  for _ in {1..5}; do
    nsenter --net="/proc/$1/ns/net" bash -c "echo \$\$ >'$cgroup/cgroup.procs' && exec 3<>/dev/tcp/$2/9" 2>/dev/null
    sleep 1
  done
  rmdir "$cgroup"
  printf 'connected to %s\n' "$2"
}

connect_to_container() {
  local holder=$daemon address name=remote-web
  if [[ $engine == podman ]]; then
    unshare --net sleep 120 &
    holder=$!
    sleep 0.5
    nsenter --net="/proc/$holder/ns/net" ip link set lo up
    nsenter --net="/proc/$holder/ns/net" podman run --detach "${options[@]}" --name "$name" localhost/pause:1 || return
  else
    "${client[@]}" run --detach "${options[@]}" --name "$name" localhost/pause:1 || return
  fi
  address=$("${client[@]}" inspect "$name" --format '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}') || return
  connect_to "$holder" "$address"
  if [[ $engine == podman ]]; then
    nsenter --net="/proc/$holder/ns/net" podman rm --force --time 0 "$name"
    kill "$holder"
  else
    "${client[@]}" rm --force "$name"
  fi
}

connect_to_pod() {
  local sandbox addresses
  sandbox=$(node cri.mjs run shop cart-0) || return
  addresses=(/var/lib/cni/networks/pods/10.22.0.*)
  connect_to "$daemon" "${addresses[0]##*/}"
  node cri.mjs remove "$sandbox"
}

names_owner() {
  local file=$engine-owner.db
  load_pause || return
  if [[ $engine == containerd ]]; then
    record_names "$file" connect_to_pod || return
    expect_sql "$file" "SELECT count(*) > 1, group_concat(DISTINCT remote_pod), max(remote_container) FROM connects
      WHERE remote_port = 9 AND remote_pod IS NOT NULL" '1|shop/cart-0|' || return
    expect_sql "$file" "SELECT count(*) FROM container WHERE pod_name = 'cart-0' AND pod_uid = 'uid-of-cart-0'" 1
  else
    record_names "$file" connect_to_container || return
    expect_sql "$file" "SELECT count(*) > 1, group_concat(DISTINCT remote_container) FROM connects
      WHERE remote_port = 9 AND remote_container IS NOT NULL" '1|remote-web'
  fi
}
