# shellcheck shell=bash
# Architectures, which Node.js, Debian and GNU's compilers call by different names.

# set_machine ARCH: by its name in process.arch or in Debian; sets arch, debian_arch and gnu_triplet.
# shellcheck disable=SC2034 # for those who source this file
set_machine() {
  case $1 in
    x64 | amd64) arch=x64 debian_arch=amd64 gnu_triplet=x86_64-linux-gnu ;;
    arm64) arch=arm64 debian_arch=arm64 gnu_triplet=aarch64-linux-gnu ;;
    *) arch=$1 debian_arch=$1 gnu_triplet='' ;;
  esac
}
