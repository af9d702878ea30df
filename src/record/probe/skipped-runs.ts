/**
 * Attempts without a skipped run after which the second program is detached. Until it is attached again, at the tick
 * after the first skipped run, about 60 attempts became inexact in a test: less than one in 10,000.
 */
export const QUIET_ATTEMPTS = 1_000_000

/** Runs of the probe's programs that the kernel skipped, since load. */
export interface SkippedRuns {
  /** Of all followers. Most cost nothing: another program did the work, or there was none. */
  readonly all: number
  /** Of followers without another program after them: these may have cost an attempt or its latency. */
  readonly uncovered: number
}

/** The watched programs. */
export interface WatchedPrograms {
  /**
   * Skipped runs of all followers, of the first and of the last, since load; `null`: the kernel does not count them.
   */
  readMisses(): { readonly all: number; readonly first: number; readonly last: number } | null
  attachSecond(): void
  detachSecond(): void
}

/**
 * Keeps the second program attached while it is needed. Two programs on one tracepoint cost half a microsecond per
 * connect, because the kernel replaces its direct call by a loop of indirect calls. A recording starts with both. The
 * second one is detached after many attempts without a skipped run, and attached again permanently at the first skipped
 * run.
 */
export interface SkipWatch {
  /** Call periodically. @param attempts recorded since the first call */
  tick(attempts: number): void
  /** `null`: the kernel does not count them */
  skipped(): SkippedRuns | null
}

/** @param isAdaptive whether the second program may be detached */
export function createSkipWatch(programs: WatchedPrograms, isAdaptive: boolean): SkipWatch {
  let isCovered = true
  let mayDetach = isAdaptive
  /** Skipped runs of the first program when the second was detached, and its skipped runs alone before. */
  let aloneFrom = 0
  let aloneBefore = 0
  return {
    tick(attempts) {
      const misses = programs.readMisses()
      if (misses === null) return
      if (!isCovered && misses.first > aloneFrom) {
        programs.attachSecond()
        // Until now the first program was alone.
        aloneBefore = (programs.readMisses()?.first ?? misses.first) - aloneFrom
        isCovered = true
        mayDetach = false
      } else if (isCovered && mayDetach) {
        if (misses.all > 0) mayDetach = false
        else if (attempts >= QUIET_ATTEMPTS) {
          programs.detachSecond()
          aloneFrom = misses.first
          isCovered = false
        }
      }
    },
    skipped() {
      const misses = programs.readMisses()
      if (misses === null) return null
      const alone = isCovered ? aloneBefore : misses.first - aloneFrom
      return { all: misses.all, uncovered: misses.last + alone }
    },
  }
}

/** struct bpf_prog_info (include/uapi/linux/bpf.h): recursion_misses, since Linux 5.12. */
const INFO = { size_bytes: 232, recursion_misses: 208 }

/**
 * Skipped runs of a program, `null` if the kernel does not count them.
 * @param getInfo bpf_obj_get_info_by_fd
 */
export function readRecursionMisses(
  getInfo: (fd: number, info: Uint8Array, sizeBytes: Uint32Array) => number,
  fd: number,
): number | null {
  const info = new Uint8Array(INFO.size_bytes)
  const size = Uint32Array.of(info.length)
  if (getInfo(fd, info, size) !== 0 || (size[0] as number) < INFO.recursion_misses + 8) return null
  return Number(new DataView(info.buffer).getBigUint64(INFO.recursion_misses, true))
}
