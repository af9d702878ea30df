import { AT } from '../scan/attempt-columns.js'
import { coverPart } from '../scan/plan-scan.js'
import { scanBlocks } from '../scan/scan-rows.js'
import type { Scope, SessionPart } from '../scan/scope.js'
import type { Copying } from './copy-rows.js'
import type { Cell } from './pseudonyms.js'

const PORTS = 65_536

/** Notes what becomes of the local ports of a part: a dry run copies no attempts. */
export function noteLocalPorts({ pseudonyms, note }: Copying, scope: Scope, part: SessionPart): void {
  const isUsed = new Uint8Array(PORTS)
  scanBlocks(scope, part, coverPart(part, false).ranges, ['local_endpoint'], ({ columns, count }) => {
    for (let i = 0; i < count; i++) isUsed[(columns[AT.local_endpoint]![i] as number) % PORTS] = 1
  })
  const action = pseudonyms.treatment.actions['local-ports']
  const replace = (port: number): Cell => {
    if (action === 'dropped') return null
    return BigInt(action === 'kept' ? port : (pseudonyms.numbers.localPorts[port] as number))
  }
  // 0: none is known
  for (let port = 1; port < PORTS; port++) if (isUsed[port] === 1) note('local-ports', BigInt(port), replace(port))
}
