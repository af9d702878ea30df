import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { latestVersion } from '../../store/migrate.js'
import { PROBE_OBJECT } from './probe-file.js'

/** Hex digits that identify a probe. */
const DIGEST_DIGITS = 16

/**
 * Versions of the dependencies of a recording, one line each: the probe, by the SHA-256 of its object file, which is
 * reproducible with the same sources and the same clang; the trace format; and libbpf as found by the dynamic linker.
 * Needs no privileges.
 */
export async function describeVersions(probe = PROBE_OBJECT, soname?: string): Promise<string[]> {
  return [`probe ${digestFile(probe)}`, `trace format ${latestVersion()}`, `libbpf ${await readLibbpfVersion(soname)}`]
}

function digestFile(path: string): string {
  try {
    return createHash('sha256').update(readFileSync(path)).digest('hex').slice(0, DIGEST_DIGITS)
  } catch {
    return 'not found'
  }
}

async function readLibbpfVersion(soname?: string): Promise<string> {
  try {
    // The other versions are printed even if koffi does not load.
    const { openLibbpf } = await import('../native/libbpf.js')
    return openLibbpf(soname).versionString().replace(/^v/, '')
  } catch {
    return 'not found'
  }
}
