import { accessSync, constants, existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { TcpconnError, messageOf } from '../base/errors.js'
import { PACKAGE_ROOT } from '../base/package.js'

/** npm packages with native code. */
type NativePackage = 'better-sqlite3' | 'koffi'

/**
 * How Node.js, `bindings` and koffi report native code that cannot be loaded: an error code, or a message without one.
 */
const CODES = ['ERR_DLOPEN_FAILED', 'ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND']
const WORDS =
  /^(Could not locate the bindings file|Cannot find the native Koffi module|Mismatched native Koffi modules)/
const PACKAGE = /\b(better[-_]sqlite3|koffi)\b/i
/** Node.js names the module's version first, then its own (https://nodejs.org/download/release/index.json). */
const VERSIONS = /NODE_MODULE_VERSION (\d+)\D[^]*NODE_MODULE_VERSION (\d+)/

/**
 * The error for a native package that cannot be loaded: compiled for another Node.js version, not compiled, or missing.
 * @returns E_NATIVE_MODULE, or `null` for any other error
 */
export function nativeModuleFault(thrown: unknown): TcpconnError | null {
  const message = messageOf(thrown)
  if (!CODES.includes((thrown as { code?: string } | null)?.code ?? '') && !WORDS.test(message)) return null
  const name = PACKAGE.exec(message)?.[1]?.toLowerCase().replace('_', '-') as NativePackage | undefined
  if (name === undefined) return null
  return new TcpconnError('E_NATIVE_MODULE', {
    what: `cannot load the native module ${name}`,
    reason: describeReason(message),
    hint: `repair it: ${repairCommand(name, findPackage(name))}`,
    cause: thrown,
  })
}

function describeReason(message: string): string {
  const own = `Node.js ${process.versions.node} (${process.execPath})`
  const [, compiled, needed] = VERSIONS.exec(message) ?? []
  if (compiled !== undefined && compiled !== needed) {
    return `it is compiled for module version ${compiled}; ${own} needs version ${needed}`
  }
  return `${own}: ${message.split('\n')[0]}`
}

/** The folder in which Node.js finds a package, `null` if it is missing. */
function findPackage(name: NativePackage): string | null {
  const folders = createRequire(join(PACKAGE_ROOT, 'package.json')).resolve.paths(name) ?? []
  return folders.map((folder) => join(folder, name)).find((folder) => existsSync(folder)) ?? null
}

/**
 * The command that makes the native code match the running Node.js.
 * @param folder of the package, `null` if it is missing
 * @param root of tcpconn: a checkout, an unpacked archive, or an npm installation
 */
export function repairCommand(name: NativePackage, folder: string | null, root = PACKAGE_ROOT): string {
  if (existsSync(join(root, 'runtime/node'))) return 'unpack the archive again, or reinstall the package'
  if (existsSync(join(root, 'script/bootstrap'))) return `${asOwner(root)}${join(root, 'script/bootstrap')}`
  if (folder === null) return 'npm install -g tcpconn-VERSION.tgz'
  // The directory with node_modules: the project, or tcpconn if it is installed globally.
  const project = dirname(dirname(folder))
  return `${asOwner(project)}npm rebuild ${name} --prefix ${project}`
}

/** Prefix of a command that writes into a directory. */
function asOwner(directory: string): string {
  try {
    accessSync(directory, constants.W_OK)
    return ''
  } catch {
    return 'sudo '
  }
}
