import { TcpconnError } from '../../base/errors.js'

/** A machine whose calling convention bpf/getaddrinfo.h implements, for 64-bit programs. */
export interface LibcMachine {
  /** Value of probe_config.machine */
  readonly code: number
  /** e_machine of its programs, elf.h */
  readonly elfMachine: number
}

/** By process.arch: uname -m depends on the personality, as under linux32(1). */
const MACHINES: Readonly<Record<string, LibcMachine>> = {
  x64: { code: 0, elfMachine: 62 },
  arm64: { code: 1, elfMachine: 183 },
}

/** `null` if the probe does not know the registers of this machine. */
export function findLibcMachine(arch: string = process.arch): LibcMachine | null {
  return Object.hasOwn(MACHINES, arch) ? (MACHINES[arch] ?? null) : null
}

/** @throws E_NO_LIBC if the probe would read the wrong registers */
export function requireLibcMachine(arch: string = process.arch): LibcMachine {
  const machine = findLibcMachine(arch)
  if (machine) return machine
  throw new TcpconnError('E_NO_LIBC', {
    what: 'cannot record calls of getaddrinfo',
    reason: `this machine is ${arch}; only the calling conventions of ${Object.keys(MACHINES).join(' and ')} are supported`,
    hint: 'use --dns, which records DNS packets and requires cgroup v2',
  })
}

/** Bytes of an ELF header up to e_machine. */
export const ELF_START_BYTES = 20
const MAGIC = [0x7f, 0x45, 0x4c, 0x46]
const [CLASS_AT, DATA_AT, MACHINE_AT] = [4, 5, 18]
const [ELFCLASS64, ELFDATA2LSB] = [2, 1]

/**
 * Whether a file with these first bytes contains 64-bit code of a machine. All supported machines are little-endian.
 */
export function isCodeOf({ elfMachine }: LibcMachine, start: Uint8Array): boolean {
  if (start.length < ELF_START_BYTES || MAGIC.some((byte, i) => start[i] !== byte)) return false
  if (start[CLASS_AT] !== ELFCLASS64 || start[DATA_AT] !== ELFDATA2LSB) return false
  return new DataView(start.buffer, start.byteOffset).getUint16(MACHINE_AT, true) === elfMachine
}
