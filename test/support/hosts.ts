import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeTemporaryDirectory } from './temporary-directory.js'

/**
 * Prefix of a command that runs in a mount namespace where /etc/hosts has these lines, and the only name server is
 * 127.77.0.53. Nothing listens there unless the test starts a server.
 */
export function withHosts(lines: readonly string[], timeoutSeconds = 1): string[] {
  const directory = makeTemporaryDirectory()
  const [hosts, resolver] = [join(directory, 'hosts'), join(directory, 'resolv.conf')]
  writeFileSync(hosts, `${lines.join('\n')}\n`)
  writeFileSync(resolver, `nameserver 127.77.0.53\noptions timeout:${timeoutSeconds} attempts:1\n`)
  const script = 'mount --bind "$0" /etc/hosts && mount --bind "$1" /etc/resolv.conf && shift && exec "$@"'
  return ['unshare', '--mount', 'sh', '-c', script, hosts, resolver]
}
