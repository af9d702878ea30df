# shellcheck shell=bash
# Packages of any suite and architecture of Debian, verified by apt. It keeps its state in a directory of ours and never touches
# the system's.

debian_mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}

# write_apt_config DIRECTORY SUITE ARCHITECTURE: of an apt that knows no installed package.
# Signatures are checked against the keys of Debian's archive, whatever the keys of this system are.
write_apt_config() {
  apt=$1
  mkdir -p "$apt/"{lists,archives}/partial
  touch "$apt/status"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $debian_mirror $2 main" >"$apt/sources.list"
  cat >"$apt/apt.conf" <<END
Dir::State "$apt";
Dir::State::lists "$apt/lists";
Dir::State::status "$apt/status";
Dir::Cache "$apt";
Dir::Etc::sourcelist "$apt/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
APT::Architecture "$3";
APT::Architectures "$3";
APT::Sandbox::User "$(id -un)";
Acquire::Languages "none";
Acquire::Retries "3";
END
}

# own_apt COMMAND…: with the configuration that was written last.
own_apt() { APT_CONFIG=$apt/apt.conf "$@"; }

# architecture_of_package NAME: that of a kernel's package, linux-image-cloud-amd64 or linux-image-arm64-16k.
architecture_of_package() { grep -oxE 'amd64|arm64' <<<"${1//-/$'\n'}"; }
