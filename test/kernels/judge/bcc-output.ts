import { isIPv4 } from 'node:net'

/** A connect in the output of one of bcc's tools (libbpf-tools). */
export interface PeerRow {
  readonly pid: number
  /** Only if the tool prints it. */
  readonly comm: string
  readonly family: number
  readonly local_address: string
  readonly local_port: number
  readonly remote_address: string
  readonly remote_port: number
  readonly uid?: number
  readonly latency_ns?: number
  /** tcptracer: C for a connect, A for an accept, X for a close. */
  readonly type?: string
}

/** Reads a table with names in the first line and values without spaces. */
export function parsePeerRows(text: string): PeerRow[] {
  const [header = '', ...lines] = text.trim().split('\n')
  const names = header.trim().split(/\s+/)
  return lines.map((line) => {
    const words = line.trim().split(/\s+/)
    if (words.length !== names.length) throw new Error(`not a row of ${names.join(' ')}: ${line}`)
    return readRow((...wanted) => words[names.findIndex((name) => wanted.includes(name))])
  })
}

function readRow(get: (...names: string[]) => string | undefined): PeerRow {
  const local_address = plainAddress(get('SADDR'))
  const [uid, latency, type] = [get('UID'), get('LAT(ms)'), get('T')]
  return {
    pid: Number(get('PID')),
    comm: get('COMM') ?? '',
    family: isIPv4(local_address) ? 4 : 6,
    local_address,
    local_port: Number(get('SPORT', 'LPORT')),
    remote_address: plainAddress(get('DADDR')),
    remote_port: Number(get('DPORT')),
    ...(uid !== undefined && { uid: Number(uid) }),
    ...(latency !== undefined && { latency_ns: Number(latency) * 1e6 }),
    ...(type !== undefined && { type }),
  }
}

/**
 * tcpconnlat shows the addresses of an IPv4 connect through an IPv6 socket as mapped addresses; tcpconnect and tcpconn
 * do not.
 */
function plainAddress(address = ''): string {
  return address.replace(/^::ffff:(?=\d+\.)/, '')
}
