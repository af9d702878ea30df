import { existsSync, statSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { dirname } from 'node:path'
import { describe, type TestContext } from 'vitest'
import { isPublic } from './share-package.js'

/** Programs that the kernel tests run, and their Debian packages. */
const PROGRAMS = {
  ip: 'iproute2',
  bpftool: 'bpftool',
  sqlite3: 'sqlite3',
  unshare: 'util-linux',
  setpriv: 'util-linux',
  dnsmasq: 'dnsmasq-base',
  nft: 'nftables',
}

/**
 * A group of tests that need root, BTF and real probes. Prints why if they cannot run.
 * @param hindrance a reason why this group cannot run here, if known
 */
export function describeKernel(name: string, body: () => void, hindrance: string | null = null): void {
  const reason = hindrance ?? whyNot()
  if (reason === null) return void describe(name, body)
  process.stderr.write(`skipped: kernel tests "${name}": ${reason}\n`)
  describe.skip(`${name} (${reason})`, body)
}

/** Skips the running test and prints the reason, unless `condition` holds. */
export function skipUnless(condition: boolean, reason: string, context: TestContext): void {
  if (condition) return
  process.stderr.write(`skipped: ${context.task.name}: ${reason}\n`)
  context.skip(reason)
}

/** Skips the running test unless other users of the host can run this Node.js. */
export function skipUnlessNodeIsShared(context: TestContext): void {
  skipUnless(isNodeShared(), 'node is in a directory that not everybody may enter', context)
}

/** Whether every user of the host can run this Node.js. */
export function isNodeShared(node = process.execPath): boolean {
  return isPublic(dirname(node)) && (statSync(node).mode & 0o001) !== 0
}

function whyNot(): string | null {
  if (process.getuid?.() !== 0) return 'they need root'
  if (!existsSync('/sys/kernel/btf/vmlinux')) return 'this kernel has no BTF'
  const missing = Object.entries(PROGRAMS).filter(([program]) => spawnSync(program, ['--version']).error)
  if (missing.length > 0) return `missing: ${missing.map(([program, name]) => `${program} (${name})`).join(', ')}`
  return null
}
