# shellcheck shell=bash
# What the kernel takes as an initramfs; several one after the other are one.

# pack_archive DIRECTORY ARCHIVE
pack_archive() { (cd "$1" && find . -print0 | cpio --null --create --format=newc --quiet) >"$2"; }
