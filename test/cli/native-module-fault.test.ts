import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { cp } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { nativeModuleFault, repairCommand } from '../../src/cli/native-module-fault.js'
import { makeTemporaryDirectory } from '../support/temporary-directory.js'
import { expectError } from '../support/error-lines.js'
import { run } from '../support/process.js'
import { REPOSITORY } from '../support/repository.js'

/** What Node.js throws, word by word. */
const OTHER_NODE = Object.assign(
  new Error(
    "The module '/x/node_modules/better-sqlite3/build/Release/better_sqlite3.node'\nwas compiled against a different Node.js version using\nNODE_MODULE_VERSION 115. This version of Node.js requires\nNODE_MODULE_VERSION 147. Please try re-compiling or re-installing\nthe module (for instance, using `npm rebuild` or `npm install`).",
  ),
  { code: 'ERR_DLOPEN_FAILED' },
)

describe('native code that cannot be loaded', () => {
  test('is named with both versions of Node.js, and the command that repairs it', () => {
    expect(nativeModuleFault(OTHER_NODE)).toMatchObject({
      code: 'E_NATIVE_MODULE',
      message: 'cannot load the native module better-sqlite3',
      reason: `it is compiled for module version 115; Node.js ${process.versions.node} (${process.execPath}) needs version 147`,
      hint: expect.stringContaining(join(REPOSITORY, 'script/bootstrap')),
      cause: OTHER_NODE,
    })
  })

  test.each([
    [
      'better-sqlite3',
      { message: 'Could not locate the bindings file. Tried:\n → /x/better-sqlite3/build/better_sqlite3.node' },
    ],
    [
      'better-sqlite3',
      {
        message: "/lib/libm.so.6: version `GLIBC_2.38' not found (required by /x/better_sqlite3.node)",
        code: 'ERR_DLOPEN_FAILED',
      },
    ],
    [
      'better-sqlite3',
      {
        message: "Cannot find module 'bindings'\nRequire stack:\n- /x/better-sqlite3/lib/database.js",
        code: 'MODULE_NOT_FOUND',
      },
    ],
    ['koffi', { message: 'Cannot find the native Koffi module; did you bundle it correctly?' }],
    ['koffi', { message: "Cannot find package 'koffi' imported from /x/dist/cli.js", code: 'ERR_MODULE_NOT_FOUND' }],
  ])('is told from other errors: %s, %o', (name, { message, ...code }) => {
    const fault = nativeModuleFault(Object.assign(new Error(message), code))
    expect(fault).toMatchObject({ code: 'E_NATIVE_MODULE', message: expect.stringContaining(name) })
    expect(fault?.reason).toContain(message.split('\n')[0])
  })

  test.each([
    new Error('better-sqlite3 is in this text, and no code'),
    Object.assign(new Error('cannot open /x/koffi.db'), { code: 'SQLITE_CANTOPEN' }),
    Object.assign(new Error("Cannot find module '/x/data.json'"), { code: 'MODULE_NOT_FOUND' }),
    'a string',
    null,
    undefined,
  ])('is nothing else: %s', (thrown) => {
    expect(nativeModuleFault(thrown)).toBeNull()
  })
})

describe('the command that repairs it', () => {
  test('in a checkout sets it up', () => {
    const root = makeRoot('script/bootstrap')
    expect(repairCommand('koffi', null, root)).toBe(`${root}/script/bootstrap`)
  })

  test('of what npm has installed compiles the package, wherever npm has put it', () => {
    const root = makeRoot('package.json')
    const nested = join(root, 'node_modules/better-sqlite3')
    expect(repairCommand('better-sqlite3', nested, root)).toBe(`npm rebuild better-sqlite3 --prefix ${root}`)
    const project = makeTemporaryDirectory()
    const beside = join(project, 'node_modules/better-sqlite3')
    expect(repairCommand('better-sqlite3', beside, root)).toBe(`npm rebuild better-sqlite3 --prefix ${project}`)
  })

  test('of an archive, which has its own Node.js, is to unpack it again', () => {
    expect(repairCommand('koffi', '/x', makeRoot('runtime/node'))).toMatch(/^unpack the archive/)
  })
})

describe('the tool', () => {
  test.each([
    ['an analysis', ['info', 'trace.db']],
    ['SQL', ['analyze', 'sql', 'SELECT 1', 'trace.db']],
    ['an export', ['export', 'trace.db', '--format', 'csv']],
    ['a replay', ['replay', 'trace.db']],
  ])('says so instead of blaming the file: %s', async (_, args) => {
    const folder = await copyPackage({ 'better-sqlite3': 'lib/database.js' })
    writeFileSync(join(folder, 'trace.db'), 'not looked at')
    const finished = await run([process.execPath, join(folder, 'dist/cli.js'), ...args], { cwd: folder })
    expectError(finished, 'E_NATIVE_MODULE')
    expect(finished.stderr).toContain('for module version 93; ')
    expect(finished.stderr).toContain(`hint: repair it: npm rebuild better-sqlite3 --prefix ${folder}`)
  })

  test.each(['live', 'doctor'])('says so where the probe cannot be reached: %s', async (command) => {
    const folder = await copyPackage({ koffi: 'index.js' })
    const finished = await run([process.execPath, join(folder, 'dist/cli.js'), command], { cwd: folder })
    expectError(finished, 'E_NATIVE_MODULE')
    expect(finished.stderr).toContain('cannot load the native module koffi')
  })
})

function makeRoot(file: string): string {
  const root = makeTemporaryDirectory()
  mkdirSync(dirname(join(root, file)), { recursive: true })
  writeFileSync(join(root, file), '')
  return root
}

/**
 * The built package with a module that behaves like one for Node.js 16 in the place of a file of a package.
 * @param broken a file of each package
 */
async function copyPackage(broken: Record<string, string>): Promise<string> {
  const root = makeTemporaryDirectory()
  for (const part of ['dist', 'migrations', 'package.json'])
    await cp(join(REPOSITORY, part), join(root, part), { recursive: true })
  mkdirSync(join(root, 'node_modules'))
  for (const name of ['better-sqlite3', 'koffi']) {
    const installed = join(root, 'node_modules', name)
    const file = broken[name]
    if (file === undefined) {
      symlinkSync(join(REPOSITORY, 'node_modules', name), installed)
      continue
    }
    const text = `The module '${installed}/x.node'\nwas compiled against a different Node.js version using\nNODE_MODULE_VERSION 93. This version of Node.js requires\nNODE_MODULE_VERSION ${process.versions.modules}.`
    const fail = `throw Object.assign(new Error(${JSON.stringify(text)}), { code: 'ERR_DLOPEN_FAILED' })`
    mkdirSync(dirname(join(installed, file)), { recursive: true })
    const source =
      name === 'koffi' ? `${fail}\nexport default null` : `module.exports = function Database() { ${fail} }`
    writeFileSync(join(installed, file), source)
    writeFileSync(
      join(installed, 'package.json'),
      JSON.stringify({ name, main: file, type: name === 'koffi' ? 'module' : 'commonjs' }),
    )
  }
  return root
}
