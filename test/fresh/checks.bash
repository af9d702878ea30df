#!/usr/bin/env bash
# Checks in a fresh root directory: checks.bash PART. Runs as root; the checkout is cloned from /mnt/input/clone. The
# last line has the counts: N passed, N failed, N skipped.
set -uo pipefail
part=$1
passed=0 failed=0 skipped=0
log=$(mktemp)

# check NAME COMMAND…: prints the output of the command if it fails.
check() {
  local name=$1 started=$SECONDS
  shift
  if "$@" >"$log" 2>&1 </dev/null; then
    passed=$((passed + 1))
    printf 'ok    %s: %s (%d s)\n' "$part" "$name" $((SECONDS - started))
  else
    failed=$((failed + 1))
    printf 'FAIL  %s: %s (%d s)\n' "$part" "$name" $((SECONDS - started))
    tail -n 60 "$log"
  fi
}

# as_user COMMAND: runs one line in the shell of a user who may use sudo, in the clone.
as_user() { runuser -l sre -c "set -e; cd tcpconn; $1"; }

expect_text() { grep -qE -- "$1" <<<"$2" || { printf 'expected %s in:\n%s\n' "$1" "$2" && return 1; }; }

clone() {
  echo local-prebuilds=/var/cache/prebuilds >/etc/prebuild-installrc
  [[ -e /home/sre/tcpconn ]] && return
  cp -r /mnt/input/clone /home/sre/tcpconn && chown -R sre: /home/sre/tcpconn
  [[ $(stat -c %a /home/sre) == 700 ]]
}

# use_node MAJOR: puts it before Debian's in the PATH of the user and of sudo.
use_node() {
  ln -sf "/opt/node-$1/bin/"* /usr/local/bin/
  [[ $(as_user 'node -p process.versions.node') == "$1".* && $(as_user 'sudo node -p process.versions.node') == "$1".* ]]
}

# Compiling better-sqlite3 takes one to two minutes of CPU time. It happens once for each combination of versions: later
# runs install it as npm does if releases can be downloaded.
keep_prebuild() {
  # shellcheck disable=SC2016
  as_user 'cd node_modules/better-sqlite3
    name=$(node -p "\`better-sqlite3-v\${require(\"./package.json\").version}-node-v\${process.versions.modules}-linux-\${process.arch}.tar.gz\`")
    [ -e "/var/cache/prebuilds/$name" ] || tar -czf "/var/cache/prebuilds/$name" build/Release/better_sqlite3.node'
}

# The first command of the section "Try it" of the README.
run_demo() {
  local output
  output=$(as_user 'sudo script/demo 2>&1') || { printf '%s\n' "$output" && return 1; }
  printf '%s\n' "$output"
  expect_text '^recorded [0-9,]+ attempts in ' "$output" &&
    expect_text '^ADDRESS +PORT +ATTEMPTS' "$output" &&
    expect_text '^completeness: .* = the kernel' "$output"
}

belongs_to_user() { [[ -z $(find /home/sre/tcpconn ! -user sre -print | tee /dev/stderr) ]]; }

# Before anything is set up again for this Node.js.
reports_native_code() {
  local output
  output=$(as_user 'node dist/cli.js info build/demo.db' 2>&1) && return 1
  printf '%s\n' "$output"
  expect_text '\[E_NATIVE_MODULE\]$' "$output" && expect_text '^reason: it is compiled for module version' "$output" &&
    expect_text '^hint: repair it: /home/sre/tcpconn/script/bootstrap$' "$output"
}

# Without root, as the hint suggests.
repairs_native_code() { as_user 'script/bootstrap && node dist/cli.js info build/demo.db'; }

# Five refused connects of one command, under sudo, as the user.
records() {
  local output
  output=$(as_user 'rm -f build/smoke.db
    sudo node dist/cli.js record build/smoke.db -- bash -c "for i in 1 2 3 4 5; do (: </dev/tcp/127.0.0.1/9) 2>/dev/null || :; done"
    node dist/cli.js info build/smoke.db
    node dist/cli.js export build/smoke.db --format parquet | head -c 4
    stat -c "owner %U" build/smoke.db' 2>&1) || { printf '%s\n' "$output" && return 1; }
  printf '%s\n' "$output"
  expect_text 'outcomes +5 refused' "$output" && expect_text 'PAR1' "$output" && expect_text 'owner sre$' "$output"
}

builds() { as_user 'script/build build/other && cmp dist/tcpconn.bpf.o build/other/tcpconn.bpf.o && cmp dist/tcpconn-7.bpf.o build/other/tcpconn-7.bpf.o && node build/other/cli.js --version'; }

# run_tests COMMAND…: counts each test. Either the last line of the command is that of script/test, or the file is that
# of vitest.
run_tests() {
  local name=$1 started=$SECONDS counts=()
  rm -f /home/sre/tcpconn/build/test-result.txt
  as_user "$2" >"$log" 2>&1 </dev/null
  local status=$?
  if [[ -e /home/sre/tcpconn/build/test-result.txt ]]; then
    read -ra counts < <(tail -n 1 "$log" | sed -nE 's/^([0-9]+) passed, ([0-9]+) failed, ([0-9]+) skipped$/\1 \2 \3/p')
    ((${#counts[@]} == 3)) || read -ra counts </home/sre/tcpconn/build/test-result.txt
  fi
  if ((${#counts[@]} < 3 || status != 0 && counts[1] == 0)); then
    failed=$((failed + 1))
    printf 'FAIL  %s: %s ended with status %d (%d s)\n' "$part" "$name" "$status" $((SECONDS - started))
    tail -n 60 "$log"
    return
  fi
  passed=$((passed + counts[0])) failed=$((failed + counts[1])) skipped=$((skipped + counts[2]))
  if ((counts[0] == 0 && counts[1] == 0)); then
    failed=$((failed + 1))
    printf 'FAIL  %s: %s: all were skipped (%d s)\n' "$part" "$name" $((SECONDS - started))
    grep -E '^skip' "$log"
    return
  fi
  if ((counts[1] > 0)); then
    printf 'FAIL  %s: %s, %d failed (%d s)\n' "$part" "$name" "${counts[1]}" $((SECONDS - started))
    grep -vE '^ok ' "$log" | tail -n 200
  else
    printf 'ok    %s: %s, %d passed (%d s)\n' "$part" "$name" "${counts[0]}" $((SECONDS - started))
    grep -E '^skip' "$log"
  fi
}

# test/support/kernel-tests.ts skips the tests without these packages.
kernel_test_packages=(iproute2 bpftool sqlite3 dnsmasq-base nftables)
vitest='sudo node_modules/.bin/vitest run --configLoader runner --project kernel'

check_debian() {
  check 'a clone in a home directory of mode 0700' clone
  check "Debian's own Node.js" as_user 'type node | grep -F /usr/bin/node && node --version'
  check 'sudo script/demo' run_demo
  check 'what root built belongs to the user' belongs_to_user
  check 'compiled native modules are kept' keep_prebuild
  check 'builds dist/ again, with the same probe' builds
  check 'records five connects under sudo' records
  # All tests that run the tool as another user.
  run_tests 'tests under sudo' \
    'sudo script/test test/cli.test test/native-module describe-versions kernel/privileges kernel/service kernel/live.test'
}

check_node() {
  check 'a clone in a home directory of mode 0700' clone
  check "Node.js $part from nodejs.org is used, by sudo too" use_node "$part"
  if [[ -e /home/sre/tcpconn/build/demo.db ]]; then
    check 'native code for another Node.js is an error of its own' reports_native_code
    # `sudo script/demo` tests the newest one.
    [[ $part == "$newest" ]] || check 'the command of its hint repairs it' repairs_native_code
  fi
  check 'sudo script/demo' run_demo
  check 'compiled native modules are kept' keep_prebuild
  check 'builds dist/ again, with the same probe' builds
  check 'records five connects under sudo' records
  # Those that the part `debian` did not install.
  check 'packages of the kernel tests' as_user "sudo apt-get -qq install -y --no-install-recommends ${kernel_test_packages[*]}"
  run_tests 'kernel tests under sudo' "$vitest kernel/outcomes"
  [[ $part == "$newest" ]] || return
  run_tests 'tests of privileges under sudo' "$vitest kernel/privileges"
  check 'script/bundle --deb' makes_package
}

# In the clone, with the newest Node.js; into /mnt/input, for the part `package`.
makes_package() {
  as_user 'script/bundle --deb build' && cp /home/sre/tcpconn/build/tcpconn_*.deb /mnt/input
}

# All files except those of package managers.
list_files() {
  find / -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /run -o -path /tmp -o -path /mnt -o -path /var/cache \
    -o -path /var/log -o -path /var/lib/apt -o -path /var/lib/dpkg \) -prune -o -print | sort
}

install_surroundings() {
  export DEBIAN_FRONTEND=noninteractive
  apt-get -q update && apt-get -q -y install --no-install-recommends man-db bash-completion systemd && ! type node npm
}

install_package() {
  list_files >/tmp/before
  apt install -q -y /mnt/input/tcpconn_*.deb && apt-get check && ! type node
}

runs_by_every_name() {
  local name
  for name in tcpconn tcpconnect tcpconnlat; do
    [[ $(type -p "$name") == "/usr/bin/$name" ]] && expect_text "^Usage: $name " "$("$name" --help)" || return
  done
  tcpconn --version && expect_text '^ok +ring' "$(tcpconn doctor)"
}

has_manual_and_completion() {
  local name shares=/usr/share
  expect_text 'TCPCONN\(1\)' "$(man --pager=cat tcpconn)" || return
  # shellcheck source=/dev/null
  (source "$shares/bash-completion/bash_completion" && { _completion_loader tcpconn || [[ $? == 124 ]]; } && complete -p tcpconn) || return
  for name in "$shares/zsh/vendor-completions/_tcpconn" "$shares/fish/vendor_completions.d/"{tcpconn,tcpconnect,tcpconnlat}.fish; do
    [[ -s $name ]] || return
  done
}

has_units() {
  local unit
  for unit in "${units[@]}"; do
    # Unknown settings are warnings only.
    [[ $(systemctl is-enabled "$unit") == disabled ]] && expect_text '^$' "$(systemd-analyze verify --man=no "$unit" 2>&1)" || return
  done
}

# Runs the command of the unit for two seconds.
records_as_unit() {
  local command
  command=$(sed -nE 's/^ExecStart=//p' /usr/lib/systemd/system/tcpconn.service)
  install -d -m 700 /var/lib/tcpconn
  (export STATE_DIRECTORY=/var/lib/tcpconn && eval "$command --duration 2s") &
  sleep 1
  (: </dev/tcp/127.0.0.1/9) 2>/dev/null
  wait $! && tcpconn info /var/lib/tcpconn/tcpconn-*.db
}

purges() {
  systemctl enable "${units[@]}" && apt purge -q -y tcpconn || return
  list_files >/tmp/after
  # The traces, their directory, and the directory that systemctl created.
  comm -3 /tmp/before /tmp/after | tee /tmp/left
  ! grep -vE '^\s*(/var/lib/tcpconn|/var/lib/tcpconn/tcpconn-[0-9TZ-]+\.db)$' /tmp/left &&
    [[ $(grep -c . /tmp/left) -ge 2 && -z $(find /var/lib/dpkg/info -name 'tcpconn*') ]]
}

check_package() {
  local units
  mapfile -t units < <(basename -a /mnt/input/clone/systemd/*.service)
  check 'Debian 13 without Node.js' install_surroundings
  check 'apt install ./tcpconn_*.deb' install_package
  check 'tcpconn, tcpconnect and tcpconnlat are in the path, and doctor finds nothing wrong' runs_by_every_name
  check 'man and bash find the manual page and the completion; the files for zsh and fish are there' has_manual_and_completion
  check "systemd accepts ${units[*]}, which are not enabled" has_units
  check 'records as the unit does' records_as_unit
  check 'installs over itself' apt install -q -y --reinstall /mnt/input/tcpconn_*.deb
  check 'apt purge leaves traces and nothing else' purges
}

newest=$(printf '%s\n' /opt/node-*/ | sed -nE 's,^/opt/node-([0-9]+)/$,\1,p' | sort -n | tail -n 1)
case $part in
  debian) check_debian ;;
  package) check_package ;;
  *) check_node ;;
esac
printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
((failed == 0))
