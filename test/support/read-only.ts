const REMOUNT = `
mount --bind "$0" "$0" || exit 99
while read -r _ path _; do
  case $path in
    /dev* | /proc* | /sys* | "$0") ;;
    *) mount -o remount,bind,ro "$path" || exit 99 ;;
  esac
done < /proc/self/mounts
# Whoever runs here has to be kept from writing, or nothing is shown.
if touch "$1/tcpconn-test-writes" 2>/dev/null; then
  rm "$1/tcpconn-test-writes"
  exit 99
fi
shift
exec "$@"`

/**
 * Prefix of a command that runs in a mount namespace in which every file system except /dev, /proc and /sys is
 * read-only, as with systemd's ProtectSystem=strict, apart from one directory.
 * @param elsewhere a directory that is otherwise writable: the command ends with status 99 if it is still writable
 */
export function readOnlyBut(directory: string, elsewhere: string): string[] {
  return ['unshare', '--mount', 'sh', '-c', REMOUNT, directory, elsewhere]
}
