import koffi from 'koffi'
import type { Libbpf } from './libbpf.js'
import { vsnprintf } from './libc.js'

const LIBBPF_DEBUG = 2
const LINE_BYTES = 4096
const KEPT_LINES = 2000

/** What libbpf has to say, kept instead of printed. */
export interface LibbpfLog {
  /** All lines, the verifier's log among them. */
  text(): string
  /** The one line that says most: the last that speaks of a failure. */
  summary(): string
  stop(): void
}

/** A va_list reaches a callee as an address on x86-64 (an array) and arm64 (a large struct) alike. */
const printCallback = koffi.proto('int LibbpfPrint(int level, const char *format, void *arguments)')

/** Redirects libbpf's messages from stderr into memory. */
export function captureLibbpfLog(libbpf: Libbpf): LibbpfLog {
  const lines: string[] = []
  const callback = koffi.register((level: number, format: string, values: unknown) => {
    if (level >= LIBBPF_DEBUG || lines.length >= KEPT_LINES) return 0
    const buffer = Buffer.alloc(LINE_BYTES)
    const length = vsnprintf(buffer, LINE_BYTES, format, values)
    lines.push(
      ...buffer
        .toString('utf8', 0, Math.min(length, LINE_BYTES - 1))
        .split('\n')
        .filter(Boolean),
    )
    return 0
  }, koffi.pointer(printCallback))
  libbpf.setPrint(callback)
  return {
    text: () => lines.join('\n'),
    summary: () => summarize(lines),
    stop() {
      libbpf.setPrint(null)
      koffi.unregister(callback)
    },
  }
}

/** Verifier errors name their reason before the statistics; libbpf's own follow with the errno. */
export function summarize(lines: readonly string[]): string {
  const told = lines.map((line) => line.replace(/^libbpf: /, '').trim())
  const verdicts = told.filter((line) =>
    /not allowed|not permitted|invalid|unknown func|Permission|denied|can't|cannot/i.test(line),
  )
  // What libbpf says of a program repeats its errno alone.
  const verdict = verdicts.findLast((line) => !line.startsWith("prog '")) ?? verdicts.at(-1)
  return verdict ?? told.findLast((line) => /fail/i.test(line)) ?? told.at(-1) ?? 'libbpf gave no reason'
}
