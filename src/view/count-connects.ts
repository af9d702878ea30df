import { safeText } from '../text/safe-text.js'
import type { ConnectRow } from './connect-row.js'

/** Attempts by addresses and remote port, counted like tcpconnect -c, but without a limit. */
export interface ConnectCounts {
  add(row: ConnectRow): void
  /** A blank line, the headings and one line per count, highest first. */
  render(): string[]
}

/** Widths of bcc's columns. */
const [ADDRESS, PORT] = [25, 20]

/** @param hasLocalPort counts local ports separately, like the libbpf tool with -s */
export function createConnectCounts(hasLocalPort: boolean): ConnectCounts {
  const counts = new Map<string, number>()
  const cells = (local: string, remote: string, localPort: string, remotePort: string) => {
    const ports = hasLocalPort ? [localPort, remotePort] : [remotePort]
    return [local.padEnd(ADDRESS), remote.padEnd(ADDRESS), ...ports.map((port) => port.padEnd(PORT))].join(' ')
  }
  return {
    add({ localAddress, remoteAddress, localPort, remotePort }) {
      const key = cells(
        safeText(localAddress ?? '-'),
        safeText(remoteAddress),
        String(localPort ?? '-'),
        String(remotePort),
      )
      counts.set(key, (counts.get(key) ?? 0) + 1)
    },
    render() {
      const lines = [...counts].toSorted((a, b) => b[1] - a[1]).map(([key, count]) => `${key} ${count}`)
      return ['', `${cells('LADDR', 'RADDR', 'LPORT', 'RPORT')} CONNECTS`, ...lines]
    },
  }
}
