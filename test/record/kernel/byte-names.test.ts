import { existsSync, readdirSync, rmdirSync } from 'node:fs'
import { onTestFinished, expect, test } from 'vitest'
import { cgroupRoot } from '../../support/cgroup.js'
import { describeKernel } from '../../support/kernel-tests.js'
import { run } from '../../support/process.js'
import { recordWhile } from '../../support/recorder.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'
import { runTool, toolCommand } from '../../support/tool.js'
import { connectsOf, onlyConnectOf } from '../../support/trace.js'
import { waitUntil } from '../../support/wait-until.js'
import { workloadPath } from '../../support/workload.js'

const PORT = '1000'

/**
 * Runs a shell script, since Node.js cannot pass arguments that are not UTF-8. The script executes its command with
 * exec.
 */
async function runScript(script: string, ...args: readonly string[]): Promise<number> {
  const { pid, status, stderr } = await run(['sh', '-c', script, 'sh', ...args], { cwd: makeTemporaryDirectory() })
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  return pid
}

/** Executes a copy of the workload whose name contains this byte, in octal: `ev\377il`. */
const connectNamed = (octal: string) =>
  runScript(
    String.raw`name=$(printf "$1") && cp "$2" "./$name" && exec "./$name" 127.0.0.1 "$3" >/dev/null`,
    octal,
    workloadPath('connect'),
    PORT,
  )

/** Path of a new cgroup `tcpconn-test-PID\xff`, below the root, and a script that executes the workload in it. */
function makeByteCgroup() {
  const name = `tcpconn-test-${process.pid}-byte`
  const root = cgroupRoot()
  const bytes = Buffer.concat([Buffer.from(`${root}/${name}`), Buffer.of(0xff)])
  onTestFinished(() =>
    waitUntil(`${name} to be empty`, () => {
      try {
        if (existsSync(bytes)) rmdirSync(bytes)
        return true
      } catch {
        return false
      }
    }).then(() => {}),
  )
  const make = () => runScript(String.raw`mkdir "$(printf '%s\377' "$1")"`, `${root}/${name}`)
  const connectInside = () =>
    runScript(
      String.raw`echo $$ >"$(printf '%s\377' "$1")/cgroup.procs" && exec "$2" 127.0.0.1 "$3" >/dev/null`,
      `${root}/${name}`,
      workloadPath('connect'),
      PORT,
    )
  return { path: `/${name}${String.raw`\xff`}`, root, make, connectInside }
}

describeKernel('names that are not UTF-8', () => {
  test('of executables and threads have each byte as \\xHH, and differ from names that contain this text', async () => {
    const { file, result } = await recordWhile({}, async () => ({
      byte: await connectNamed(String.raw`ev\377il`),
      text: await connectNamed(String.raw`ev\\xffil`),
    }))
    const named = { comm: String.raw`ev\xffil`, exe: String.raw`ev\xffil` }
    expect(onlyConnectOf(file, result.byte)).toMatchObject(named)
    const literal = String.raw`ev\\xffil`
    expect(onlyConnectOf(file, result.text)).toMatchObject({ comm: literal, exe: literal })
    const shown = await runTool(['analyze', 'by-process', file, '--by', 'comm', '--format', 'csv'])
    expect(shown.stdout).toContain(String.raw`ev\xffil`)
    const filtered = await runTool(['analyze', 'by-process', file, '--comm', named.comm, '--format', 'json'])
    expect(JSON.parse(filtered.stdout)).toMatchObject([{ pid: result.byte, attempts: 1 }])
  })

  test.each([
    [String.raw`ev\xffil`, 'byte'],
    [String.raw`ev\\xffil`, 'text'],
  ])('are accepted by --comm %s', async (comm, found) => {
    const { file, result } = await recordWhile({ args: ['--comm', comm] }, async () => ({
      byte: await connectNamed(String.raw`ev\377il`),
      text: await connectNamed(String.raw`ev\\xffil`),
    }))
    const recorded = Object.entries(result).filter(([, pid]) => connectsOf(file, pid).length > 0)
    expect(recorded.map(([which]) => which)).toEqual([found])
  })

  test.each(['before', 'during'])('of a cgroup created %s the recording are recorded', async (when) => {
    const { path, make, connectInside } = makeByteCgroup()
    if (when === 'before') await make()
    const { file, result } = await recordWhile({}, async () => {
      if (when === 'during') await make()
      return connectInside()
    })
    expect(onlyConnectOf(file, result).cgroup).toBe(path)
  })

  test('are accepted by --cgroup', async () => {
    const { path, root, make, connectInside } = makeByteCgroup()
    await make()
    for (const cgroup of [path, `${root}${path}`]) {
      const { file, result } = await recordWhile({ args: ['--cgroup', cgroup] }, connectInside)
      expect(onlyConnectOf(file, result).cgroup).toBe(path)
    }
  })

  test('of other files do not disturb a rotating recording in the same directory', async () => {
    const directory = makeTemporaryDirectory()
    await run(['sh', '-c', String.raw`: >"$(printf '%s/trace-\377.db' "$1")"`, 'sh', directory])
    const args = ['record', `${directory}/trace.db`, '--rotate', '1h', '--keep', '1d', '--duration', '1s']
    const { status, stderr } = await runTool(args)
    expect({ status, stderr }).toEqual({ status: 0, stderr: expect.not.stringContaining('error') })
    expect(readdirSync(directory).filter((name) => /^trace-\d{8}T\d{6}Z\.db$/.test(name))).toHaveLength(1)
  })

  test('of the working directory change nothing', async () => {
    const script = String.raw`mkdir "$(printf 'd\377')" && cd "$(printf 'd\377')" && "$@" record --duration 1s && "$@" info && ls`
    const { stdout, status } = await run(['sh', '-c', script, 'sh', ...toolCommand([])], {
      cwd: makeTemporaryDirectory(),
    })
    expect(status).toBe(0)
    expect(stdout.split('\n')).toContain('tcpconn.db')
  })
})
