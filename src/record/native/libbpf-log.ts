import koffi from 'koffi'
import type { Libbpf } from './libbpf.js'
import { vsnprintf } from './libc.js'

const LIBBPF_DEBUG = 2
const LINE_BYTES = 4096
const KEPT_LINES = 2000

/** Messages of libbpf, captured instead of printed. */
export interface LibbpfLog {
  /** All lines, including the verifier log. */
  text(): string
  /** The most informative line: the last one about a failure. */
  summary(): string
  stop(): void
}

/** A va_list argument is passed as an address both on x86-64 (an array) and on arm64 (a large struct). */
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
    summary: () => summarizeLog(lines),
    stop() {
      libbpf.setPrint(null)
      koffi.unregister(callback)
    },
  }
}

/** A verifier error names its reason before the statistics; libbpf's own messages with the errno follow. */
export function summarizeLog(lines: readonly string[]): string {
  const messages = lines.map((line) => line.replace(/^libbpf: /, '').trim())
  const verdicts = messages.filter((line) =>
    /not allowed|not permitted|invalid|unknown func|Permission|denied|can't|cannot/i.test(line),
  )
  // Messages of libbpf about a program only repeat the errno.
  const verdict = verdicts.findLast((line) => !line.startsWith("prog '")) ?? verdicts.at(-1)
  return verdict ?? messages.findLast((line) => /fail/i.test(line)) ?? messages.at(-1) ?? 'libbpf gave no reason'
}
