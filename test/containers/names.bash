#!/usr/bin/env bash
# shellcheck disable=SC2154
# Names of real containers that live 100 ms. Sourced by checks.bash, which defines engine, client, options, work, check, expect_sql
# and start_in. The recorder is the one of the image, started here, in the mount namespace of the engine.

brief_count=20
brief=localhost/brief:1
# Attempts of this engine: the others run at the same time, and a recorder records the whole host.
case $engine in
  podman) brief_attempts="remote_port = 7 AND cgroup LIKE '/libpod_parent/%'" ;;
  docker) brief_attempts="remote_port = 7 AND cgroup LIKE '/docker/%'" ;;
  containerd) brief_attempts="remote_port = 7 AND cgroup LIKE '/default/%'" ;;
  rootless) brief_attempts="remote_port = 7 AND cgroup LIKE '$user_slice/%'" ;;
  lxc) brief_attempts="remote_port = 7 AND cgroup LIKE '/lxc.payload.brief-%'" ;;
  nspawn) brief_attempts="remote_port = 7 AND cgroup LIKE '/machine.slice/systemd-nspawn@brief-%'" ;;
esac

# The recorder, with the Node.js of the image.
unpack_tool() {
  local layer
  mkdir -p tool
  layer=$(tar -xOf "$image" manifest.json | sed -E 's/.*"Layers":\["([^"]*)".*/\1/')
  tar -xOf "$image" "$layer" | tar -xz -C tool --strip-components=2 usr/local
}

# The root of a container: one program without a library, and the directories that runtimes mount on.
make_brief_root() {
  mkdir -p brief-root/{dev,etc,proc,run,sys,tmp,usr}
  cp brief brief-root
}

# An image of that program, as docker saves images: podman, docker and containerd load it.
load_brief() {
  local layer config
  make_brief_root
  tar -C brief-root -cf layer.tar brief
  layer=$(sha256sum layer.tar | cut -d ' ' -f 1)
  printf '{"architecture":"%s","os":"linux","config":{"Entrypoint":["/brief"]},"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' \
    "$(dpkg --print-architecture)" "$layer" >config.json
  config=$(sha256sum config.json | cut -d ' ' -f 1)
  mv layer.tar "$layer.tar" && mv config.json "$config.json"
  printf '[{"Config":"%s.json","RepoTags":["%s"],"Layers":["%s.tar"]}]' "$config" "$brief" "$layer" >manifest.json
  tar -cf brief.tar manifest.json "$config.json" "$layer.tar"
  load brief.tar
}

# run_brief NAME [OPTION…]: a container that is removed when it ends.
run_brief() {
  local name=$1
  shift
  case $engine in
    containerd) "${client[@]}" "$@" run --rm --snapshotter native --cpu-shares 0 "$brief" "$name" ;;
    lxc) lxc-start --name "$name" --foreground --rcfile "$work/brief.conf" ;;
    # In the cgroup of systemd's own unit for it. Cgroup v1, where this system has that too, stays as it is.
    nspawn)
      start_in "/machine.slice/systemd-nspawn@$name.service" env SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 systemd-nspawn --quiet --register=no --keep-unit \
        --private-network --directory "$work/brief-root" --machine "$name" /brief
      ;;
    *) "${client[@]}" run --rm --network=none "${options[@]}" --name "$name" "$brief" ;;
  esac
}

# record_names FILE COMMAND…: records while the command runs.
record_names() {
  local file=$1 recorder status
  shift
  tool/bin/tcpconn record "$file" --host-root / --quiet &
  recorder=$!
  wait_for pgrep -P "$recorder" -f container-reader
  sleep 1
  "$@"
  status=$?
  kill -INT "$recorder"
  wait "$recorder" && return "$status"
}

run_briefs() { for ((i = 0; i < brief_count; i++)); do run_brief "brief-$engine-$i" || return; done; }

# Every one of them has its name. At least 99 of 100 are required; here, all.
names_briefs() {
  local file=$engine-names.db
  record_names "$file" run_briefs || return
  expect_sql "$file" "SELECT count(*), count(DISTINCT container_id), sum(container_name LIKE 'brief-%') FROM connects
    WHERE $brief_attempts" "$brief_count|$brief_count|$brief_count" || return
  expect_sql "$file" "SELECT DISTINCT runtime_name FROM container WHERE container_id IN (
    SELECT container_id FROM connects WHERE $brief_attempts)" "$runtime_name" || return
  case $engine in
    podman | docker | rootless)
      expect_sql "$file" "SELECT DISTINCT container_image FROM connects WHERE $brief_attempts" "$brief"
      ;;
  esac
}

# Started twice and renamed between: one row, with the first name.
restart_renamed() {
  "${client[@]}" run --network=none "${options[@]}" --name first "$brief" && "${client[@]}" rename first second &&
    "${client[@]}" start --attach second && "${client[@]}" rm second
}

keeps_first_name() {
  local file=$engine-renamed.db
  record_names "$file" restart_renamed || return
  expect_sql "$file" "SELECT count(*), count(DISTINCT container_id), group_concat(DISTINCT container_name) FROM connects
    WHERE $brief_attempts" '2|1|first'
}

# The annotations that containerd's CRI writes, in its namespace, with ids as it makes them.
run_pods() {
  local id
  for ((i = 0; i < brief_count; i++)); do
    id=$(head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \n')
    "${client[@]}" --namespace k8s.io run --rm --snapshotter native --cpu-shares 0 \
      --annotation io.kubernetes.cri.container-type=container --annotation io.kubernetes.cri.sandbox-namespace=shop \
      --annotation "io.kubernetes.cri.sandbox-name=cart-$i" --annotation "io.kubernetes.cri.sandbox-uid=uid-$i" \
      --annotation io.kubernetes.cri.container-name=cart --annotation io.kubernetes.cri.image-name=shop/cart:1 "$brief" "$id" ||
      return
  done
}

names_pods() {
  local file=$engine-pods.db
  "${client[@]}" --namespace k8s.io images import --snapshotter native brief.tar && record_names "$file" run_pods || return
  expect_sql "$file" "SELECT count(*), count(DISTINCT pod_name), count(DISTINCT pod_uid), group_concat(DISTINCT pod_namespace),
    group_concat(DISTINCT container_name), group_concat(DISTINCT container_image) FROM connects
    WHERE remote_port = 7 AND cgroup LIKE '/k8s.io/%'" \
    "$brief_count|$brief_count|$brief_count|shop|cart|shop/cart:1"
}
