import { TcpconnError } from '../../errors.js'

/** A kind of machine whose registers bpf/getaddrinfo.h knows, under a 64-bit program. */
export interface LibcMachine {
  /** Value of probe_filters.machine */
  readonly code: number
  /** e_machine of its programs, elf.h */
  readonly elfMachine: number
}

/** By process.arch: uname -m is a matter of the personality, as under linux32(1). */
const MACHINES: Readonly<Record<string, LibcMachine>> = {
  x64: { code: 0, elfMachine: 62 },
  arm64: { code: 1, elfMachine: 183 },
}

/** @throws E_NO_LIBC where the probe would read other registers than those of the arguments */
export function requireLibcMachine(arch: string = process.arch): LibcMachine {
  const machine = Object.hasOwn(MACHINES, arch) ? MACHINES[arch] : undefined
  if (machine) return machine
  throw new TcpconnError('E_NO_LIBC', {
    what: 'cannot see what programs ask libc for',
    reason: `this machine is ${arch}: where calls have their arguments is known of ${Object.keys(MACHINES).join(' and ')} alone`,
    hint: 'take --dns, which sees DNS packets; it needs cgroup v2',
  })
}

/** What an ELF header says of it ends here. */
export const ELF_START_BYTES = 20
const MAGIC = [0x7f, 0x45, 0x4c, 0x46]
const [CLASS_AT, DATA_AT, MACHINE_AT] = [4, 5, 18]
const [ELFCLASS64, ELFDATA2LSB] = [2, 1]

/** Whether a file that begins like this holds 64-bit code of a machine. All of those in the table are little-endian. */
export function isCodeOf({ elfMachine }: LibcMachine, start: Uint8Array): boolean {
  if (start.length < ELF_START_BYTES || MAGIC.some((byte, i) => start[i] !== byte)) return false
  if (start[CLASS_AT] !== ELFCLASS64 || start[DATA_AT] !== ELFDATA2LSB) return false
  return new DataView(start.buffer, start.byteOffset).getUint16(MACHINE_AT, true) === elfMachine
}
