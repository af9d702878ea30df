import { readFileSync } from 'node:fs'
import { release } from 'node:os'
import { findLibcMachine } from '../host/libc-machine.js'
import { BTF_PATH, isKernelAtLeast } from './kernel-support.js'

/** First kernel with the helper bpf_task_pt_regs. */
const REGISTERS_KERNEL = '5.15'
/** The fields that lead from a packet to its addresses: sk_buff._nfct and nf_conn.tuplehash */
const FIELDS = ['_nfct', 'tuplehash']

/** What --nat needs of a host. */
export interface NatHost {
  /** BTF of the kernel */
  readonly btf: Uint8Array
  /** `uname -r` */
  readonly kernel: string
  /** As in process.arch */
  readonly arch: string
}

/** What `--nat` cannot record on this host, one sentence each. */
export function findNatGaps(host: NatHost = readHost()): string[] {
  return [
    ...(describesTracking(host.btf)
      ? []
      : [
          'this kernel has no connection tracking, or its BTF does not describe it: --nat records no translated destinations (nat_address)',
        ]),
    ...(canReadCalls(host)
      ? []
      : [
          `before Linux ${REGISTERS_KERNEL}, and on machines other than x86-64 and arm64, --nat does not record the requested address under socket load balancing (service_address)`,
        ]),
  ]
}

/** Whether the probe can read the argument of connect(2) of a running call. */
export function canReadCalls(
  { kernel, arch }: Omit<NatHost, 'btf'> = { kernel: release(), arch: process.arch },
): boolean {
  return isKernelAtLeast(kernel, REGISTERS_KERNEL) && findLibcMachine(arch) !== null
}

function readHost(): NatHost {
  return { btf: readFileSync(BTF_PATH), kernel: release(), arch: process.arch }
}

/** The strings of BTF are separated by NUL; none is there twice. */
function describesTracking(btf: Uint8Array): boolean {
  const bytes = Buffer.from(btf.buffer, btf.byteOffset, btf.length)
  return FIELDS.every((name) => bytes.includes(`\0${name}\0`))
}
