# shellcheck shell=bash
# Makes an initramfs. The kernel accepts several archives in sequence as one.

# pack_archive DIRECTORY ARCHIVE
pack_archive() { (cd "$1" && find . -print0 | cpio --null --create --format=newc --quiet) >"$2"; }
