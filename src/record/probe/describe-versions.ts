import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { latestVersion } from '../../store/migrate.js'
import { PROBE_OBJECT } from './probe-file.js'

/** Hex digits that tell two probes apart. */
const DIGEST_DIGITS = 16

/**
 * What a recording depends on besides this tool's own version, a line each: the probe, by the SHA-256 of its object
 * file, which is the same wherever it is built from the same sources with the same clang; the trace format; and libbpf as
 * the dynamic linker finds it. Needs no privileges.
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
    // Where koffi does not run either, the other versions are told all the same.
    const { openLibbpf } = await import('./libbpf.js')
    return openLibbpf(soname).versionString().replace(/^v/, '')
  } catch {
    return 'not found'
  }
}
