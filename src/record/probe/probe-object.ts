import { TcpconnError } from '../../errors.js'
import { lastErrno, type FunctionEnd, type Libbpf, type Pointer } from './libbpf.js'
import type { LibbpfLog } from './libbpf-log.js'

/** An opened BPF object: libbpf with its errors turned into exceptions. */
export interface ProbeObject {
  readonly libbpf: Libbpf
  map(name: string): Pointer
  mapFd(name: string): number
  program(name: string): Pointer
  /** Sets `key` in a map to `value`. @throws E_PROBE */
  set(map: string, key: Uint8Array, value: Uint8Array): void
  /** Checks what a function of libbpf returned. @throws E_PROBE */
  require(result: number, step: string): void
  /** Loads all into the kernel. @throws E_PROBE */
  load(): void
  /** Attaches a program to the tracepoint that its section names. @throws E_PROBE */
  attach(program: string): void
  /** Ends what `attach` did for one program. */
  detachOne(program: string): void
  /** Runs a program of the type `syscall` once. @throws E_PROBE */
  run(program: string): void
  /** Attaches a program to the packets of a cgroup and all below it, and says whether the kernel lets it. */
  attachToCgroup(program: string, fd: number): boolean
  /** Attaches a program to a perf event, which is the link's from here on. @throws E_PROBE */
  attachToEvent(program: string, fd: number): void
  /** Attaches a program to a function that begins there in a file, and says whether that is possible. */
  attachToFunction(program: string, file: string, target: FunctionEnd): boolean
  /**
   * Ends what is attached, but for what is attached to functions: that stays until `close`.
   * @param first programs that end before all others
   */
  detach(first: readonly string[]): void
  /** Takes all out of the kernel: what is attached, too. */
  close(): void
}

/** sizeof(struct bpf_test_run_opts) of libbpf 1.x; all its fields but the size may stay 0. */
const TEST_RUN_OPTS_BYTES = 80

/** Opens a compiled object file, without loading it yet. @throws E_PROBE */
export function openObject(libbpf: Libbpf, path: string, log: LibbpfLog): ProbeObject {
  const object = libbpf.openFile(path, null)
  if (!object) throw probeError(libbpf, log, 'open')
  const map = (name: string) => required(libbpf.findMap(object, name), name)
  const program = (name: string) => required(libbpf.findProgram(object, name), name)
  const requireOk = (result: number, step: string) => {
    if (result !== 0) throw probeError(libbpf, log, step)
  }
  const links: Pointer[] = []
  const byName = new Map<string, Pointer>()
  // To end one takes the kernel a tenth of a second and more, and of attempts they see nothing: what is recorded does not wait.
  const functionLinks: Pointer[] = []
  const keep = (link: Pointer | null, kept = links) => {
    if (link) kept.push(link)
    return Boolean(link)
  }
  const attached = (link: Pointer | null) => {
    if (!keep(link)) throw probeError(libbpf, log, 'attach')
  }
  const destroy = (ended: Pointer[]) => {
    for (const link of ended.splice(0)) libbpf.destroyLink(link)
  }
  const detachOne = (name: string) => {
    const at = links.indexOf(byName.get(name) as Pointer)
    if (at !== -1) destroy(links.splice(at, 1))
  }
  return {
    libbpf,
    map,
    program,
    mapFd: (name) => libbpf.mapFd(map(name)),
    set(name, key, value) {
      requireOk(libbpf.updateElement(libbpf.mapFd(map(name)), key, value, 0), `fill ${name} of`)
    },
    require: requireOk,
    load: () => requireOk(libbpf.load(object), 'load'),
    attach(name) {
      const link = libbpf.attach(program(name))
      attached(link)
      byName.set(name, link as Pointer)
    },
    detachOne,
    run(name) {
      const options = new Uint32Array(TEST_RUN_OPTS_BYTES / 4)
      options[0] = TEST_RUN_OPTS_BYTES
      requireOk(libbpf.runProgram(libbpf.programFd(program(name)), options), 'run a program of')
    },
    attachToCgroup: (name, fd) => keep(libbpf.attachToCgroup(program(name), fd)),
    attachToEvent: (name, fd) => attached(libbpf.attachToPerfEvent(program(name), fd)),
    attachToFunction: (name, file, end) => keep(libbpf.attachToFunction(program(name), file, end), functionLinks),
    detach(first) {
      for (const name of first) detachOne(name)
      destroy(links)
    },
    close() {
      destroy(links)
      destroy(functionLinks)
      libbpf.close(object)
    },
  }
}

function required(pointer: Pointer | null, name: string): Pointer {
  if (pointer) return pointer
  throw new Error(`the compiled probe has no ${name}: dist/ is older than this code`)
}

function probeError(libbpf: Libbpf, log: LibbpfLog, step: string): TcpconnError {
  return new TcpconnError('E_PROBE', {
    what: `cannot ${step} the probe: ${libbpf.strerror(lastErrno())}`,
    reason: log.summary(),
    hint: 'tcpconn doctor checks what this host has; report this with its output if all is ok there',
    cause: new Error(log.text()),
  })
}
