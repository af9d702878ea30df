import type { Guest } from './guest.js'

/**
 * Number of SYNs of connects that the kernel counted between snmp-before.txt and snmp-after.txt, in the network
 * namespace of the workloads: TcpActiveOpens of /proc/net/snmp.
 */
export function countActiveOpens(guest: Guest): number {
  return readActiveOpens(guest.text('snmp-after.txt')) - readActiveOpens(guest.text('snmp-before.txt'))
}

function readActiveOpens(text: string): number {
  const [names, values] = text
    .trim()
    .split('\n')
    .map((line) => line.split(' '))
  return Number(values?.[names?.indexOf('ActiveOpens') ?? -1])
}
