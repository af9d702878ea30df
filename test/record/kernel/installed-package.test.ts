import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { TOOL_VERSION } from '../../../src/base/package.js'
import { describeKernel, skipUnless } from '../../support/kernel-tests.js'
import { listen } from '../../support/listener.js'
import { installPackage, listPackage, makeBarePath, packCheckout } from '../../support/package.js'
import { run } from '../../support/process.js'
import { REPOSITORY } from '../../support/repository.js'

const COMPILERS = ['clang', 'gcc', 'cc', 'g++', 'make', 'python3', 'bpftool', 'node-gyp']
const CONNECT = `require('node:net').connect(process.argv[1], '127.0.0.1').resume()`

describeKernel('the package of npm pack, installed on a machine without a compiler', () => {
  const directory = mkdtempSync(join(tmpdir(), 'tcpconn-package-'))
  const prefix = join(directory, 'prefix')
  let tarball = ''
  let path = ''

  beforeAll(async () => {
    tarball = packCheckout(directory)
    path = makeBarePath(directory)
    mkdirSync(prefix)
    await installPackage(tarball, prefix, path)
  })

  afterAll(() => rmSync(directory, { recursive: true, force: true }))

  const runInstalled = (name: string, ...args: string[]) =>
    run([join(prefix, 'bin', name), ...args], { cwd: directory, env: { PATH: path } })

  test('contains the required files, and no sources, tests or tools', () => {
    const files = listPackage(tarball)
    const allowed =
      /^(package\.json|README(\.zh-CN)?\.md|LICENSE|CHANGELOG\.md|docs\/[\w-]+\.md|docs\/report\.png|docs\/grafana-dashboard\.json|migrations\/[\w-]+\.sql|systemd\/tcpconn(?:-push)?\.service|dist\/(cli\.js|decode-worker\.js|container-reader\.js|report\/page\.(?:js|css)|chunks\/[\w-]+\.js|tcpconn(-7)?\.bpf\.o|tcpconn\.1|LICENCES\.txt|completions\/\w+(\.\w+)?))$/
    expect(files.filter((name) => !allowed.test(name))).toEqual([])
    expect(files).toEqual(
      expect.arrayContaining([
        'dist/decode-worker.js',
        'dist/container-reader.js',
        'dist/report/page.js',
        'dist/report/page.css',
        'dist/tcpconn-7.bpf.o',
        'dist/tcpconn.bpf.o',
        'dist/tcpconn.1',
        'dist/LICENCES.txt',
        'migrations/0001-trace.sql',
        'systemd/tcpconn.service',
        'systemd/tcpconn-push.service',
      ]),
    )
    expect(files.filter((name) => name.startsWith('dist/completions/'))).toHaveLength(3)
  })

  test('installs without a compiler', async () => {
    const script = COMPILERS.map((name) => `command -v ${name}`).join('; ')
    expect(await run(['sh', '-c', script], { env: { PATH: path } })).toMatchObject({ stdout: '' })
  })

  test('is refused on a system with another C library than glibc', async (context) => {
    const { stdout: npm } = await run(['npm', '--version'])
    skipUnless(Number.parseInt(npm) >= 10, `npm ${npm.trim()} does not compare the C library`, context)
    // npm detects the C library with it.
    const ldd = join(directory, 'ldd')
    writeFileSync(ldd, 'musl libc')
    const install = `npm install -g --prefix ${join(directory, 'elsewhere')} --offline ${tarball}`
    const script = `mount --bind ${ldd} /usr/bin/ldd && ${install}`
    const { status, stderr } = await run(['unshare', '--mount', 'sh', '-c', script], { cwd: directory })
    expect(status).not.toBe(0)
    expect(stderr).toContain('EBADPLATFORM')
  })

  test('prints its version, with a probe and libbpf', async () => {
    const { status, stdout, stderr } = await runInstalled('tcpconn', '--version')
    expect([status, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(/^[\d.]+\nprobe [0-9a-f]{16}\ntrace format \d+\nlibbpf 1\.\d+.*\n$/)
    expect(stdout.split('\n')[0]).toBe(TOOL_VERSION)
  })

  test('records and analyzes', async () => {
    const port = await listen()
    const client = ['--', process.execPath, '-e', CONNECT, String(port)]
    const recorded = await runInstalled('tcpconn', 'record', '--duration', '20s', ...client)
    expect(recorded).toMatchObject({ status: 0 })
    const whole = await runInstalled('tcpconn', 'record', 'host.db', '--duration', '1s')
    expect(whole).toMatchObject({ status: 0 })
    const { stdout } = await runInstalled('tcpconn', 'analyze', 'top-endpoints', '--format', 'json')
    expect(JSON.parse(stdout)).toMatchObject([{ remote_address: '127.0.0.1', remote_port: port, attempts: 1 }])
  })

  test('writes Parquet, with a dependency that is not bundled', async () => {
    const { status, stderr } = await runInstalled('tcpconn', 'export', '--format', 'parquet', '-o', 'trace.parquet')
    expect([status, stderr.includes('error')]).toEqual([0, false])
    expect(readFileSync(join(directory, 'trace.parquet'), 'latin1')).toMatch(/^PAR1[^]*PAR1$/)
  })

  test('contains all of its programs, and the manual page where man finds it', async () => {
    const { bin } = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8')) as { bin: object }
    for (const name of Object.keys(bin)) expect(await runInstalled(name, '--help'), name).toMatchObject({ status: 0 })
    expect(existsSync(join(prefix, 'share/man/man1/tcpconn.1'))).toBe(true)
  })
})
