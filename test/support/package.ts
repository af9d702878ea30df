import { execFile, execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, realpathSync, readFileSync, symlinkSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { REPOSITORY } from './repository.js'

/** The files that make a package, and the programs that build it. */
const SOURCES = ['bpf', 'docs', 'migrations', 'script', 'src', 'systemd', 'package.json', 'tsconfig.json', '.npmrc']
const TEXTS = ['README.md', 'README.zh-CN.md', 'CHANGELOG.md', 'LICENSE']
const execute = promisify(execFile)

/**
 * Runs `npm pack` in a copy of this checkout that was never built.
 * @returns the path of the package
 */
export function packCheckout(directory: string): string {
  const copy = join(directory, 'checkout')
  mkdirSync(copy)
  for (const name of [...SOURCES, ...TEXTS]) cpSync(join(REPOSITORY, name), join(copy, name), { recursive: true })
  symlinkSync(join(REPOSITORY, 'node_modules'), join(copy, 'node_modules'))
  const args = ['pack', '--silent', '--pack-destination', directory]
  const name = execFileSync('npm', args, { cwd: copy, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  return join(directory, name.trimEnd().split('\n').at(-1) as string)
}

/** Paths in a package, without the folder that all of them share. */
export function listPackage(tarball: string): string[] {
  const names = execFileSync('tar', ['-tzf', tarball], { encoding: 'utf8' }).trimEnd().split('\n')
  return names.map((name) => name.replace(/^package\//, ''))
}

/** A PATH with Node.js, npm and a shell, and without a compiler. */
export function makeBarePath(directory: string): string {
  const path = join(directory, 'bin')
  mkdirSync(path)
  symlinkSync(process.execPath, join(path, 'node'))
  for (const name of ['npm', 'sh', 'env']) {
    const found = execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim()
    symlinkSync(realpathSync(found), join(path, name))
  }
  return path
}

/**
 * Runs `npm install -g` into a new prefix. Downloads the binary of better-sqlite3.
 * @returns the output of npm
 */
export async function installPackage(tarball: string, prefix: string, path: string): Promise<string> {
  const mirror = await serveSqlite()
  try {
    const args = ['install', '-g', '--prefix', prefix, '--prefer-offline', '--no-audit', tarball]
    const env = { ...process.env, PATH: path, npm_config_better_sqlite3_binary_host: mirror.url }
    const { stdout, stderr } = await execute('npm', args, { env, cwd: join(prefix, '..') })
    return stdout + stderr
  } finally {
    mirror.close()
  }
}

/** A mirror of better-sqlite3's releases on loopback, with the binary of this checkout. */
async function serveSqlite() {
  const folder = join(REPOSITORY, 'node_modules/better-sqlite3')
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string }
  const release = execFileSync('tar', ['-C', folder, '-cz', 'build/Release/better_sqlite3.node'], { maxBuffer: 1e8 })
  const name = `better-sqlite3-v${version}-node-v${process.versions.modules}-${process.platform}-${process.arch}.tar.gz`
  const server = createServer((request, response) => {
    if (request.url === `/v${version}/${name}`) response.end(release)
    else response.writeHead(404).end()
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => server.close() }
}
