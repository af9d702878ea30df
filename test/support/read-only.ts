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
 * What follows runs in a mount namespace of its own in which every file system but /dev, /proc and /sys is read-only, as
 * systemd's ProtectSystem=strict has it, apart from one directory.
 * @param elsewhere a directory that could be written otherwise: ends with status 99 if it still can
 */
export function readOnlyBut(directory: string, elsewhere: string): string[] {
  return ['unshare', '--mount', 'sh', '-c', REMOUNT, directory, elsewhere]
}
