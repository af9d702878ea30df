import { accessSync, constants, existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { TcpconnError, messageOf } from './errors.js'
import { PACKAGE_ROOT } from './package-root.js'

/** Packages of npm with native code. */
type NativePackage = 'better-sqlite3' | 'koffi'

/** How Node.js, `bindings` and koffi report native code that cannot be loaded: a code, or the words where there is none. */
const CODES = ['ERR_DLOPEN_FAILED', 'ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND']
const WORDS =
  /^(Could not locate the bindings file|Cannot find the native Koffi module|Mismatched native Koffi modules)/
const PACKAGE = /\b(better[-_]sqlite3|koffi)\b/i
/** Node.js names the version that the module was made for, then its own (https://nodejs.org/download/release/index.json). */
const VERSIONS = /NODE_MODULE_VERSION (\d+)\D[^]*NODE_MODULE_VERSION (\d+)/

/**
 * The error for native code of a package that cannot be loaded: compiled for another Node.js, never compiled, or not there.
 * @returns E_NATIVE_MODULE, or `null` when something else was thrown
 */
export function nativeModuleFault(thrown: unknown): TcpconnError | null {
  const message = messageOf(thrown)
  if (!CODES.includes((thrown as { code?: string } | null)?.code ?? '') && !WORDS.test(message)) return null
  const name = PACKAGE.exec(message)?.[1]?.toLowerCase().replace('_', '-') as NativePackage | undefined
  if (name === undefined) return null
  return new TcpconnError('E_NATIVE_MODULE', {
    what: `cannot load ${name}, which has native code`,
    reason: describeReason(message),
    hint: `repair it: ${repairCommand(name, findPackage(name))}`,
    cause: thrown,
  })
}

function describeReason(message: string): string {
  const own = `Node.js ${process.versions.node} (${process.execPath})`
  const [, compiled, needed] = VERSIONS.exec(message) ?? []
  if (compiled !== undefined && compiled !== needed) {
    return `it was compiled for another Node.js: for module version ${compiled}, and ${own} needs ${needed}`
  }
  return `${own}: ${message.split('\n')[0]}`
}

/** The folder of a package as Node.js finds it from here, `null` when it is not there. */
function findPackage(name: NativePackage): string | null {
  const folders = createRequire(join(PACKAGE_ROOT, 'package.json')).resolve.paths(name) ?? []
  return folders.map((folder) => join(folder, name)).find((folder) => existsSync(folder)) ?? null
}

/**
 * The command that makes native code match the Node.js that runs this.
 * @param folder of the package, `null` when it is not there
 * @param root of tcpconn: a checkout, an unpacked archive, or what npm has installed
 */
export function repairCommand(name: NativePackage, folder: string | null, root = PACKAGE_ROOT): string {
  if (existsSync(join(root, 'runtime/node'))) return 'unpack the archive, or install the package, once more'
  if (existsSync(join(root, 'script/bootstrap'))) return `${asOwner(root)}${join(root, 'script/bootstrap')}`
  if (folder === null) return 'npm install -g tcpconn-VERSION.tgz, the package once more'
  // What holds node_modules: the project, or tcpconn where it was installed globally.
  const project = dirname(dirname(folder))
  return `${asOwner(project)}npm rebuild ${name} --prefix ${project}`
}

/** Before a command that writes into a directory. */
function asOwner(directory: string): string {
  try {
    accessSync(directory, constants.W_OK)
    return ''
  } catch {
    return 'sudo '
  }
}
