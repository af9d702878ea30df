import koffi, { type LibraryHandle } from 'koffi'
import { TcpconnError, messageOf } from '../../base/errors.js'

const STRERROR_BYTES = 128

/** An address in this process, as returned by koffi. */
export type Pointer = bigint

/**
 * The used subset of libbpf. Functions with a pointer result return `0n` or `null` on failure; functions with an int
 * result return a negative errno (libbpf 1.x; `lastErrno` reads the thread's `errno`).
 */
export interface Libbpf {
  versionString(): string
  /** Text of an errno, or of a libbpf error code from 4000. */
  strerror(error: number): string
  setPrint(callback: unknown): unknown
  openFile(path: string, options: null): Pointer | null
  load(object: Pointer): number
  close(object: Pointer): void
  findMap(object: Pointer, name: string): Pointer | null
  findProgram(object: Pointer, name: string): Pointer | null
  programFd(program: Pointer): number
  setAutoload(program: Pointer, enabled: boolean): number
  attach(program: Pointer): Pointer | null
  attachToCgroup(program: Pointer, fd: number): Pointer | null
  /** The link owns the descriptor. */
  attachToPerfEvent(program: Pointer, fd: number): Pointer | null
  /** In all processes that execute the file at `path`. */
  attachToFunction(program: Pointer, path: string, end: FunctionEnd): Pointer | null
  /** 1 if programs of this type may call the helper. */
  probeHelper(programType: number, helper: number, options: null): number
  destroyLink(link: Pointer): number
  setInitialValue(map: Pointer, data: Uint8Array, sizeBytes: number): number
  setMaxEntries(map: Pointer, count: number): number
  maxEntries(map: Pointer): number
  reuseFd(map: Pointer, fd: number): number
  mapFd(map: Pointer): number
  updateElement(fd: number, key: Uint8Array, value: Uint8Array, flags: number): number
  /**
   * Copies up to `count[0]` entries; -ENOENT with the last ones. `position` and `next` carry the state between two
   * calls.
   */
  lookupBatch(
    fd: number,
    position: Uint8Array | null,
    next: Uint8Array,
    keys: Uint8Array,
    values: Uint8Array,
    count: Uint32Array,
    options: null,
  ): number
  getPinned(path: string): number
  /** Programs of an attach type at a cgroup: up to `count[0]` ids; -ENOSPC if there are more. */
  queryPrograms(
    fd: number,
    type: number,
    flags: number,
    attachFlags: null,
    ids: Uint32Array,
    count: Uint32Array,
  ): number
  programFdById(id: number): number
  getInfo(fd: number, info: Uint8Array, sizeBytes: Uint32Array): number
  /** Runs a program once. `options` is a struct bpf_test_run_opts, whose first word is its size. */
  runProgram(fd: number, options: Uint32Array): number
}

/**
 * Loads the shared library libbpf 1.x.
 * @throws E_LIBBPF_MISSING if the dynamic linker does not find it, or a function is missing
 */
export function openLibbpf(soname = 'libbpf.so.1'): Libbpf {
  try {
    return bindFunctions(koffi.load(soname))
  } catch (cause) {
    throw new TcpconnError('E_LIBBPF_MISSING', {
      what: 'cannot load the probe: libbpf is missing',
      reason: `the dynamic linker found no usable ${soname}: ${messageOf(cause)}`,
      hint: 'install it: apt-get install libbpf1 (Debian 12, Ubuntu 24.04 or newer), dnf install libbpf',
      cause,
    })
  }
}

/** Entry or return of a function in a file, by offset. By name, libbpf would parse the untrusted file with libelf. */
export interface FunctionEnd {
  /** File offset of the function */
  readonly offsetBytes: number
  readonly isReturn: boolean
}

/** All processes. */
const ANY_PID = -1

/** The first fields of struct bpf_uprobe_opts */
const uprobeOptions = koffi.struct({
  sz: 'size_t',
  ref_ctr_offset: 'size_t',
  bpf_cookie: 'uint64_t',
  retprobe: 'bool',
})

function bindFunctions(library: LibraryHandle): Libbpf {
  const strerror = library.func('int libbpf_strerror(int error, _Out_ char *text, size_t size)')
  const attachUprobe = library.func('bpf_program__attach_uprobe_opts', 'void *', [
    'void *',
    'int',
    'const char *',
    'size_t',
    koffi.pointer(uprobeOptions),
  ])
  return {
    attachToFunction(program, path, { offsetBytes, isReturn }) {
      const options = { sz: koffi.sizeof(uprobeOptions), ref_ctr_offset: 0, bpf_cookie: 0, retprobe: isReturn }
      return attachUprobe(program, ANY_PID, path, offsetBytes, options) as Pointer | null
    },
    strerror(error) {
      const text = Buffer.alloc(STRERROR_BYTES)
      strerror(error, text, text.length)
      return text.toString('utf8', 0, text.indexOf(0))
    },
    versionString: library.func('const char *libbpf_version_string(void)'),
    setPrint: library.func('void *libbpf_set_print(void *callback)'),
    openFile: library.func('void *bpf_object__open_file(const char *path, void *options)'),
    load: library.func('int bpf_object__load(void *object)'),
    close: library.func('void bpf_object__close(void *object)'),
    findMap: library.func('void *bpf_object__find_map_by_name(void *object, const char *name)'),
    findProgram: library.func('void *bpf_object__find_program_by_name(void *object, const char *name)'),
    programFd: library.func('int bpf_program__fd(void *program)'),
    setAutoload: library.func('int bpf_program__set_autoload(void *program, bool enabled)'),
    attach: library.func('void *bpf_program__attach(void *program)'),
    attachToCgroup: library.func('void *bpf_program__attach_cgroup(void *program, int fd)'),
    attachToPerfEvent: library.func('void *bpf_program__attach_perf_event(void *program, int fd)'),
    probeHelper: library.func('int libbpf_probe_bpf_helper(int type, int helper, void *options)'),
    destroyLink: library.func('int bpf_link__destroy(void *link)'),
    setInitialValue: library.func('int bpf_map__set_initial_value(void *map, void *data, size_t size)'),
    setMaxEntries: library.func('int bpf_map__set_max_entries(void *map, uint32_t count)'),
    maxEntries: library.func('uint32_t bpf_map__max_entries(const void *map)'),
    reuseFd: library.func('int bpf_map__reuse_fd(void *map, int fd)'),
    mapFd: library.func('int bpf_map__fd(void *map)'),
    updateElement: library.func('int bpf_map_update_elem(int fd, void *key, void *value, uint64_t flags)'),
    lookupBatch: library.func(
      'int bpf_map_lookup_batch(int fd, void *position, void *next, void *keys, void *values, uint32_t *count, void *options)',
    ),
    queryPrograms: library.func(
      'int bpf_prog_query(int fd, int type, uint32_t flags, uint32_t *attach_flags, _Out_ uint32_t *ids, _Inout_ uint32_t *count)',
    ),
    programFdById: library.func('int bpf_prog_get_fd_by_id(uint32_t id)'),
    getPinned: library.func('int bpf_obj_get(const char *path)'),
    getInfo: library.func('int bpf_obj_get_info_by_fd(int fd, void *info, uint32_t *size)'),
    runProgram: library.func('int bpf_prog_test_run_opts(int fd, void *options)'),
  }
}

/** `errno` of the last libbpf or libc call that failed on this thread. */
export function lastErrno(): number {
  return koffi.errno()
}
