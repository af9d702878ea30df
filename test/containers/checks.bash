#!/usr/bin/env bash
# What is checked of the image of script/image under one engine: checks.bash ENGINE IMAGE, as root in what enter.bash makes, in a
# directory that holds app.mjs. The last line counts: N passed, N failed, N skipped.
# No container has a network but its own loopback: nothing is changed in that of the machine.
set -uo pipefail
engine=$1 image=$2
passed=0 failed=0
log=$(mktemp)
work=$PWD
runtime=/usr/local/lib/tcpconn/runtime
daemon=

# check NAME COMMAND…: shows what the command printed when it fails.
check() {
  local name=$1 started=$SECONDS
  shift
  if "$@" >"$log" 2>&1 </dev/null; then
    passed=$((passed + 1))
    printf 'ok    %s: %s (%d s)\n' "$engine" "$name" $((SECONDS - started))
  else
    failed=$((failed + 1))
    printf 'FAIL  %s: %s (%d s)\n' "$engine" "$name" $((SECONDS - started))
    tail -n 60 "$log"
  fi
}

expect_text() { grep -qE -- "$1" <<<"$2" || { printf 'expected %s in:\n%s\n' "$1" "$2" && return 1; }; }
refuse_text() { ! grep -E -- "$1" <<<"$2" || { printf 'unexpected: %s\n' "$1" && return 1; }; }
# expect_sql FILE SQL RESULT
expect_sql() {
  local found
  found=$(sqlite3 "$1" "$2") || return
  [[ $found == "$3" ]] || {
    sqlite3 "$1" 'SELECT DISTINCT cgroup, dns_name, remote_address, remote_port FROM connects'
    printf '%s: %s instead of %s\n' "$2" "$found" "$3" && return 1
  }
}

# In place of --privileged: docker refuses that where the system itself lacks a capability, and older ones do not know CAP_BPF.
powers=(--cap-add SYS_ADMIN --cap-add SYS_PTRACE --cap-add NET_ADMIN --security-opt seccomp=unconfined)

# wait_for_engine COMMAND…: until it works. Fails after 30 s, or when the daemon has ended, and prints the daemon's log.
wait_for_engine() {
  for _ in {1..150}; do
    if "$@" >/dev/null 2>&1; then return; fi
    kill -0 "$daemon" 2>/dev/null || break
    sleep 0.2
  done
  printf 'FAIL  %s: the engine does not answer\n' "$engine"
  tail -n 60 "$work"/*d.log
  printf '0 passed, 1 failed, 0 skipped\n'
  exit 1
}

# wait_for COMMAND…: until it succeeds, at most 15 s.
wait_for() {
  for _ in {1..75}; do
    if "$@" >/dev/null 2>&1; then return; fi
    sleep 0.2
  done
  return 1
}

# A daemon that has ended already is no error.
clean_up() {
  if [[ -n $daemon ]]; then kill "$daemon" 2>/dev/null && wait "$daemon"; fi
  case $engine in
    rootless) end_rootless ;;
    lxc) end_lxc ;;
    nspawn) end_machines ;;
  esac
}
trap clean_up EXIT

# What the runtime is called in a trace.
case $engine in
  rootless) runtime_name=podman ;;
  nspawn) runtime_name=systemd-nspawn ;;
  *) runtime_name=$engine ;;
esac

# shellcheck source=SCRIPTDIR/addresses.bash
source addresses.bash
# shellcheck source=SCRIPTDIR/without-daemon.bash
source without-daemon.bash

# Engines differ in how they are started and in what they call things: load, run OPTION… -- ARGUMENT…, start_app, and app,
# the id of the container that start_app has started.
case $engine in
  podman)
    mkdir -p /etc/containers
    printf '[containers]\ndefault_ulimits=["nofile=1024:4096","nproc=4096:4096"]\n[engine]\ncgroup_manager="cgroupfs"\nevents_logger="file"\nruntime="runc"\n[network]\nnetwork_backend="netavark"\n' \
      >/etc/containers/containers.conf
    printf '[storage]\ndriver="vfs"\nrunroot="/run/containers/storage"\ngraphroot="/var/lib/containers/storage"\n' \
      >/etc/containers/storage.conf
    echo '{"default":[{"type":"insecureAcceptAnything"}]}' >/etc/containers/policy.json
    client=(podman)
    options=(--pids-limit=-1)
    ;;
  docker)
    unshare --net dockerd --storage-driver vfs --iptables=false --exec-opt native.cgroupdriver=cgroupfs \
      -H unix:///run/docker.sock >"$work/dockerd.log" 2>&1 &
    daemon=$!
    client=(docker -H unix:///run/docker.sock)
    options=()
    wait_for_engine "${client[@]}" info
    ;;
  rootless)
    configure_rootless
    client=(as_user podman)
    options=(--pids-limit=-1)
    ;;
  lxc) configure_lxc ;;
  nspawn) ;;
  containerd)
    configure_cri
    unshare --net containerd --config "$work/containerd.toml" --address /run/containerd/containerd.sock >"$work/containerd.log" 2>&1 &
    daemon=$!
    client=(ctr --address /run/containerd/containerd.sock)
    wait_for_engine "${client[@]}" version
    ;;
esac

load() {
  if [[ $engine == containerd ]]; then
    "${client[@]}" images import --snapshotter native "$1"
  else
    "${client[@]}" load -i "$1"
  fi
}
reference=$(tar -xOf "$image" manifest.json | sed -E 's/.*"RepoTags":\["([^"]*)".*/\1/')

# run OPTION… -- ARGUMENT…
run() {
  local given=() network=(--network=none)
  while [[ $1 != -- ]]; do
    [[ $1 != --network=* ]] || network=()
    given+=("$1") && shift
  done
  shift
  if [[ $engine == containerd ]]; then
    "${client[@]}" run --rm --snapshotter native --cpu-shares 0 --mount "type=bind,src=$work,dst=/trace,options=rbind:rw" \
      "${given[@]}" "$reference" "recorder-$RANDOM" "${node[@]}" /usr/local/lib/tcpconn/bin/tcpconn "$@"
  else
    "${client[@]}" run --rm "${network[@]}" "${options[@]}" -v "$work:/trace" "${given[@]}" "$reference" "$@"
  fi
}

linker=$(tar -xOf "$image" "blobs/sha256/$(tar -xOf "$image" manifest.json | sed -E 's/.*"Config":"blobs.sha256.([0-9a-f]*)".*/\1/')" |
  sed -E 's/.*"Entrypoint":\["([^"]*)".*/\1/')
node=("$linker" --inhibit-cache --library-path "$runtime" "$runtime/node")

start_app() {
  if [[ $engine == containerd ]]; then
    app=app_of_containerd
    "${client[@]}" run --detach --snapshotter native --cpu-shares 0 --mount "type=bind,src=$work,dst=/trace,options=rbind:ro" \
      "$reference" "$app" "${node[@]}" /trace/app.mjs
  else
    app=$("${client[@]}" run --detach --network=none "${options[@]}" -v "$work:/trace:ro" --entrypoint "$linker" "$reference" \
      "${node[@]:1}" /trace/app.mjs) && "${client[@]}" ps --no-trunc
  fi
}

stop_app() {
  if [[ $engine == containerd ]]; then
    "${client[@]}" task kill --signal KILL "$app"
    sleep 0.5
    "${client[@]}" container rm "$app"
  else
    "${client[@]}" kill "$app" && "${client[@]}" rm -f "$app"
  fi
}

prints_version() { expect_text '^libbpf 1\.' "$(run -- --version)"; }

# Its cgroup, its lookups and the host's name are in the trace, and nothing is reported as not seen.
sees_all() {
  local said
  rm -f "$engine.db"
  said=$(run "$@" -- record --dns --duration 3s "$engine.db" 2>&1) || { printf '%s\n' "$said" && return 1; }
  refuse_text '^note: this container' "$said" || return
  expect_sql "$engine.db" "SELECT count(*) > 3 FROM connects WHERE remote_port = 7401 AND dns_name = 'app.example'
    AND instr(cgroup, '$app') > 0 AND user IS NULL" 1 || return
  expect_sql "$engine.db" 'SELECT count(*) FROM connects WHERE remote_port = 7401 AND cgroup IS NULL' 0 || return
  expect_sql "$engine.db" "SELECT host, instr(limits, 'this container') FROM session" "$(hostname)|0"
}

# In its own namespaces: what is not seen is a note, a line of doctor and a line of info.
# reports_limits CGROUPS OPTION…: CGROUPS is what it says of cgroups.
reports_limits() {
  local said file=$engine-limits.db gap cgroups=$1
  shift
  said=$(run "$@" -- record --duration 1s "$file" 2>&1) || { printf '%s\n' "$said" && return 1; }
  for gap in 'the processes of the host' "$cgroups" 'the files of the host'; do
    expect_text "^note: .*$gap.* start it with .*--privileged|^note: .*$gap.* start it with --pid=host" "$said" || return
    expect_sql "$file" "SELECT instr(limits, '$gap') > 0 FROM session" 1 || return
  done
  expect_text '^  not seen +this container does not see the processes of the host' "$(run -- info "$file")" || return
  expect_text '^--  container ' "$(run "$@" -- doctor)"
}

# sees_by_mount DIRECTORY OPTION…: / of the host at DIRECTORY instead of its PID namespace. /host needs no --host-root. Only processes
# of the host are not seen: at the start, in the trace and in doctor.
sees_by_mount() {
  local said file=$engine-mount.db given=() unseen='(cgroup|files|name) of the host|cgroups? only|no cgroups'
  [[ $1 == /host ]] || given=(--host-root "$1")
  shift
  rm -f "$file"
  said=$(run "$@" -- record "${given[@]}" --dns --duration 2s "$file" 2>&1) || { printf '%s\n' "$said" && return 1; }
  expect_text '^note: this container does not see the processes of the host' "$said" && refuse_text "^note: .*($unseen)" "$said" || return
  expect_sql "$file" "SELECT count(*) > 1 FROM connects WHERE dns_name = 'app.example' AND instr(cgroup, '$app') > 0" 1 || return
  said=$(run -- info "$file") && expect_text '^  not seen +this container does not see the processes' "$said" &&
    refuse_text "this container .*($unseen)" "$said" || return
  said=$(run "$@" -- doctor "${given[@]}")
  expect_text '^--  container +this container does not see the processes' "$said" && refuse_text "this container .*($unseen)" "$said"
}

# Root in a container is not told to be root; a profile that refuses bpf(2) is named.
names_options() {
  local said
  echo '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["bpf"],"action":"SCMP_ACT_ERRNO"}]}' >no-bpf.json
  said=$(run -- record "$engine-none.db" 2>&1)
  expect_text '^hint: .*--cap-add BPF --cap-add PERFMON' "$said" && refuse_text 'with sudo' "$said" || return
  said=$(run --cap-add SYS_ADMIN --security-opt "seccomp=$work/no-bpf.json" -- record "$engine-none.db" 2>&1)
  expect_text '^hint: .*--security-opt seccomp=unconfined' "$said" && refuse_text 'MEMLOCK' "$said"
}

# shellcheck source=SCRIPTDIR/names.bash
source names.bash

check_without_daemon() {
  if [[ $engine == rootless ]]; then
    check 'an image of a small program is loaded' load_brief
  else
    check 'the root of a small container is made' make_brief_root
  fi
  check "$brief_count containers that live 100 ms have their names" names_briefs
}

check_image() {
  check 'the image is loaded' load "$image"
  check 'it prints its versions' prints_version
  check 'a container that connects is started' start_app
  if [[ $engine == containerd ]]; then
    check 'a recorder with the PID namespace of the host sees all' sees_all --privileged --with-ns "pid:/proc/$$/ns/pid"
    check 'without it, it reports what it does not see' reports_limits 'sees no cgroups' --privileged
  else
    check 'a recorder with the PID namespace of the host sees all' sees_all "${powers[@]}" --pid=host
    check 'with its cgroup and network namespaces too' sees_all "${powers[@]}" --pid=host --cgroupns=host --network=host
    check 'with / of the host at /host too' sees_all "${powers[@]}" --pid=host -v /:/host:ro
    check 'with its network namespace only' sees_all "${powers[@]}" --pid=host --network=host
    check 'with its cgroup namespace only' sees_all "${powers[@]}" --pid=host --cgroupns=host
    check 'without it, it reports what it does not see' reports_limits 'its own cgroup only' "${powers[@]}"
    check 'hints name options of the container' names_options
  fi
  case $engine in
    podman) mount_host=(--privileged -v /:/host:ro) ;;
    docker) mount_host=("${powers[@]}" -v /:/host:ro) ;;
    containerd) mount_host=(--privileged --mount 'type=bind,src=/,dst=/host,options=rbind:ro') ;;
  esac
  check 'with / of the host at /host it sees its cgroups and lookups' sees_by_mount /host "${mount_host[@]}"
  check 'with it at another directory, --host-root names that' sees_by_mount /mnt/host "${mount_host[@]/host/mnt/host}"
  check 'an image of a small program is loaded' load_brief
  check "$brief_count containers that live 100 ms have their names" names_briefs
  if [[ $engine == containerd ]]; then
    check "$brief_count pods that live 100 ms have their names" names_pods
  else
    check 'a container that is renamed and started again keeps its first name' keeps_first_name
  fi
  check 'a connect to a container has its name' names_owner
  check 'all of it is removed' stop_app
}

check 'the recorder is unpacked' unpack_tool
case $engine in
  rootless | lxc | nspawn) check_without_daemon ;;
  *) check_image ;;
esac
printf '%d passed, %d failed, 0 skipped\n' "$passed" "$failed"
((failed == 0))
