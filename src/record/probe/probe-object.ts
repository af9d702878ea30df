import { TcpconnError } from '../../base/errors.js'
import { explainRefusal } from './explain-refusal.js'
import { lastErrno, type FunctionEnd, type Libbpf, type Pointer } from '../native/libbpf.js'
import type { LibbpfLog } from '../native/libbpf-log.js'

/** An open BPF object: libbpf with exceptions instead of error codes. */
export interface ProbeObject {
  readonly libbpf: Libbpf
  map(name: string): Pointer
  mapFd(name: string): number
  program(name: string): Pointer
  /** Sets `key` in a map to `value`. @throws E_PROBE */
  set(map: string, key: Uint8Array, value: Uint8Array): void
  /** Checks the result of a libbpf function. @throws E_PROBE */
  require(result: number, step: string): void
  /** Loads the object into the kernel. @throws E_PROBE */
  load(): void
  /** Attaches a program to the tracepoint of its section. @throws E_PROBE */
  attach(program: string): void
  /** Detaches one program. */
  detachOne(program: string): void
  /** Runs a program of the type `syscall` once. @throws E_PROBE */
  run(program: string): void
  /** Attaches a program to the packets of a cgroup and its descendants. @returns whether the kernel allows it */
  attachToCgroup(program: string, fd: number): boolean
  /** Attaches a program to a perf event, whose descriptor the link then owns. @throws E_PROBE */
  attachToEvent(program: string, fd: number): void
  /** Attaches a program to a function of a file. @returns whether it succeeded */
  attachToFunction(program: string, file: string, target: FunctionEnd): boolean
  /**
   * Detaches all programs except those of functions, which stay attached until `close`.
   * @param first programs to detach before all others
   */
  detach(first: readonly string[]): void
  /** Detaches and unloads everything. */
  close(): void
}

/** sizeof(struct bpf_test_run_opts) of libbpf 1.x; all fields except the size can be 0. */
const TEST_RUN_OPTS_BYTES = 80

/** Opens a compiled object file without loading it. @throws E_PROBE */
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
  // Detaching one takes the kernel 0.1 s or more, and they do not see attempts: the end of the recording does not wait
  // for it.
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
  const errno = lastErrno()
  const refusal = explainRefusal(errno)
  return new TcpconnError('E_PROBE', {
    what: `cannot ${step} the probe: ${libbpf.strerror(errno)}`,
    reason: refusal?.reason ?? log.summary(),
    hint: refusal?.hint ?? 'run tcpconn doctor; if all its checks are ok, report this error with its output',
    cause: new Error(log.text()),
  })
}
