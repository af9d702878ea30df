import { TcpconnError } from '../../errors.js'

/** asm/unistd.h of each machine, by process.arch: the call is made as the program was compiled, whatever uname -m says. */
const NUMBERS: Readonly<Record<string, number>> = { x64: 298, arm64: 241, riscv64: 241, loong64: 241, ppc64: 319 }

/** The number of the system call perf_event_open(2). @throws E_PROBE where it is not known */
export function perfEventOpenNumber(arch: string = process.arch): number {
  const number = Object.hasOwn(NUMBERS, arch) ? NUMBERS[arch] : undefined
  if (number !== undefined) return number
  throw new TcpconnError('E_PROBE', {
    what: 'cannot see single system calls on this machine',
    reason: `it is ${arch}, of which the number of perf_event_open is not known`,
    hint: 'leave out --local-errors',
  })
}
