import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { TOOL_VERSION } from '../../../src/base/package.js'
import { describeKernel } from '../../support/kernel-tests.js'
import { listen } from '../../support/listener.js'
import { firstOutput, run, start } from '../../support/process.js'
import { REPOSITORY } from '../../support/repository.js'

const NAME = `tcpconn-${TOOL_VERSION}-linux-${process.arch}`
const MAX_ARCHIVE_BYTES = 60e6
const CHROOT = join(REPOSITORY, 'test/support/bare-chroot.sh')

/** The programs of package.json. */
const { bin } = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8')) as { bin: object }
const PROGRAMS = Object.keys(bin)

/** script/bundle refuses Debian's Node.js, which loads some of its own modules from /usr/share. */
const isWhole = !process.config.target_defaults.defines.some((one) => String(one).startsWith('NODE_SHARED_BUILTIN_'))
const hindrance = isWhole ? null : 'this Node.js does not run from elsewhere'

describeKernel('the archive of script/bundle', describeArchive, hindrance)

function describeArchive(): void {
  const directory = mkdtempSync(join(tmpdir(), 'tcpconn-bundle-'))
  const archive = join(directory, `${NAME}.tar.gz`)
  const unpacked = join(directory, NAME)
  const root = join(directory, 'root')

  beforeAll(() => {
    mkdirSync(root)
    execFileSync(join(REPOSITORY, 'script/bundle'), [directory], { stdio: ['ignore', 'ignore', 'pipe'] })
    execFileSync('tar', ['-xzf', archive, '-C', directory])
  })

  afterAll(() => rmSync(directory, { recursive: true, force: true }))

  /** Runs a script in a root directory that contains only busybox and the archive. */
  const runInChroot = (script: string) => run(['unshare', '--mount', CHROOT, root, archive, script])

  test('records, analyzes and exports without Node.js, libbpf and a C library on the system', async () => {
    const port = await listen()
    const { status, stdout, stderr } = await runInChroot(`
      ls / | tr '\\n' ' '; echo
      ! command -v node && ! command -v ldd
      tar -xzf /opt/archive.tar.gz -C /opt
      ln -s ../opt/${NAME}/bin/tcpconn /bin/tcpconn
      tcpconn --version
      tcpconn record --duration 1s host.db
      tcpconn record -- nc 127.0.0.1 ${port}
      tcpconn analyze top-endpoints --format jsonl
      tcpconn export --format parquet -o trace.parquet
      head -c 4 trace.parquet`)
    expect([status, stderr.includes('error')], stderr).toEqual([0, false])
    const [folders, version, probe, , libbpf, ...rows] = stdout.split('\n')
    expect([folders, version]).toEqual(['bin dev opt proc sys work ', TOOL_VERSION])
    expect(probe).toMatch(/^probe [0-9a-f]{16}$/)
    expect(libbpf).toMatch(/^libbpf 1\./)
    expect(JSON.parse(rows[0] as string)).toMatchObject({ remote_address: '127.0.0.1', remote_port: port, attempts: 1 })
    expect(rows.slice(1)).toEqual(['PAR1'])
  })

  test('unmounts everything, even if its program fails', async () => {
    expect(await runInChroot('exit 3')).toMatchObject({ status: 3 })
    expect(readFileSync('/proc/self/mounts', 'utf8')).not.toContain(root)
  })

  test.each(PROGRAMS)('%s starts by any path, and by a symbolic link', async (program) => {
    const link = join(directory, `link-to-${program}`)
    symlinkSync(join(NAME, 'bin', program), link)
    for (const path of [join(unpacked, 'bin', program), link]) {
      expect(await run([path, '--help'], { cwd: '/' })).toMatchObject({ status: 0, stderr: '' })
    }
    expect(await run([join('bin', program), '--help'], { cwd: unpacked })).toMatchObject({ status: 0, stderr: '' })
  })

  test.each(PROGRAMS)('the launcher of %s is a POSIX shell script', async (program) => {
    const { status, stdout } = await run(['shellcheck', '--shell=sh', join(unpacked, 'bin', program)])
    expect([status, stdout]).toEqual([0, ''])
  })

  test('uses its own libraries on a system that has other versions', async () => {
    const args = ['record', join(directory, 'own.db'), '--', 'sh', '-c', 'echo; read -r _']
    const running = start([join(unpacked, 'bin/tcpconn'), ...args])
    await firstOutput(running)
    const maps = readFileSync(`/proc/${running.pid}/maps`, 'utf8').split('\n')
    running.child.stdin.end('\n')
    expect(await running.finished).toMatchObject({ status: 0 })
    const libraries = new Set(maps.map((line) => line.split(/ +/)[5]).filter((path) => path?.includes('.so')))
    expect([...libraries].filter((path) => !path?.startsWith(unpacked))).toEqual([])
    for (const name of ['libbpf.so.1', 'libelf.so.1', 'libz.so.1', 'libc.so.6', 'libstdc++.so.6']) {
      expect(libraries).toContain(join(unpacked, 'lib/tcpconn/runtime', name))
    }
  })

  test('is readable by everyone, and has the license of each library', () => {
    const names = execFileSync('tar', ['-tvzf', archive], { encoding: 'utf8' }).trimEnd().split('\n')
    expect(names.filter((line) => !/^[dl-]r[w-][x-]r-[x-]r-[x-] (root\/root|0\/0) /.test(line))).toEqual([])
    const licences = readdirSync(join(unpacked, 'share/doc/tcpconn'))
    const runtime = readdirSync(join(unpacked, 'lib/tcpconn/runtime'))
    expect(runtime.filter((name) => !licences.includes(`${name}.txt`))).toEqual([])
    expect(licences).toContain('LICENCES.txt')
  })

  test('contains the systemd unit, where systemd finds it after unpacking into /usr/local', () => {
    const unit = readFileSync(join(unpacked, 'lib/systemd/system/tcpconn.service'), 'utf8')
    expect(unit).toBe(readFileSync(join(REPOSITORY, 'systemd/tcpconn.service'), 'utf8'))
  })

  test('is reproducible: the same files give the same archive', () => {
    const archived = execFileSync('tar', ['--utc', '--full-time', '-tvzf', archive], { encoding: 'utf8' })
    const times = archived
      .trimEnd()
      .split('\n')
      .map((line) => line.split(/ +/).slice(3, 5).join(' '))
    expect(new Set(times)).toEqual(new Set(['1985-10-26 08:15:00']))
    // RFC 1952: the modification time of the compressed file.
    expect(readFileSync(archive).subarray(4, 8)).toEqual(Buffer.alloc(4))
  })

  test('does not exceed its expected size', () => {
    expect(statSync(archive).size).toBeLessThan(MAX_ARCHIVE_BYTES)
    const modules = readdirSync(join(unpacked, 'lib/tcpconn/node_modules'), { recursive: true, encoding: 'utf8' })
    expect(modules.length).toBeGreaterThan(10)
    expect(modules.filter((name) => /\.([chao]|cc|cpp|d\.ts|gyp|map)$|(^|\/)(tests?|docs?)$/.test(name))).toEqual([])
  })
}
