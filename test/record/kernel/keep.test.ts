import { copyFileSync, existsSync, linkSync, mkdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { describeKernel } from '../../support/kernel-tests.js'
import { mount } from '../../support/mount.js'
import { listTraces, startRotating } from '../../support/rotating-recorder.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'
import { runTool } from '../../support/tool.js'
import { waitUntil } from '../../support/wait-until.js'

const LONG_AGO = new Date('2020-01-01T00:00:00Z')

describeKernel('--keep', () => {
  test('by size: removes the oldest files, keeps the current one; info shows that a recording has other files (GAP-48)', async () => {
    // A size that does not depend on other connects of the host.
    const recording = await startRotating({ args: ['--rotate', '1s', '--keep', '300kB', '--comm', 'nobody'] })
    const [first = ''] = recording.files()
    await waitUntil('the first file to be removed', () => !existsSync(first))
    const files = recording.files()
    expect(files.length).toBeGreaterThan(1)
    await recording.stop()
    const { stdout } = await runTool(['info', recording.files().at(-2) ?? ''])
    expect(stdout).toMatch(/^ {2}time {10}\d{4}-.* for \d/m)
    expect(stdout).toMatch(/^ {2}ended {9}continued in the next file$/m)
    // Each file has about 110 kB: two fit besides the current one, or one while it is being created.
    expect(recording.files().length).toBeLessThanOrEqual(4)
    expect(existsSync(recording.files().at(-1) ?? '')).toBe(true)
  })

  test('by size: a limit smaller than one file keeps the current one', async () => {
    const recording = await startRotating({ args: ['--rotate', '1s', '--keep', '1kB'] })
    const [first = ''] = recording.files()
    await waitUntil('the first file to be removed', () => !existsSync(first))
    await recording.stop()
    expect(recording.files().length).toBeGreaterThanOrEqual(1)
  })

  test('by age: removes only files that ended before the limit', async () => {
    const directory = makeTemporaryDirectory()
    const [old = ''] = await recordFor(directory, '100ms')
    utimesSync(old, LONG_AGO, LONG_AGO)
    const recent = (await recordFor(directory, '100ms')).find((file) => file !== old) ?? ''
    const recording = await startRotating({ directory, args: ['--rotate', '1h', '--keep', '7d'] })
    await waitUntil('the old file to be removed', () => !existsSync(old))
    await recording.stop()
    expect(existsSync(recent)).toBe(true)
  })

  test('removes nothing that it did not write, whatever its name (SEC-54)', async () => {
    const directory = makeTemporaryDirectory()
    const elsewhere = makeTemporaryDirectory()
    const nameAt = (second: number) => join(directory, `trace-20200101T0000${String(second).padStart(2, '0')}Z.db`)
    const [own = ''] = await recordFor(elsewhere, '100ms')
    const stamp = basename(own)

    const decoys = {
      text: nameAt(1),
      plainTrace: nameAt(2),
      copyByAnotherName: nameAt(3),
      linkToFile: nameAt(4),
      directory: nameAt(5),
      database: nameAt(6),
      empty: nameAt(7),
      base: join(directory, 'trace.db'),
      otherBase: join(directory, `trace-web${stamp.slice('trace'.length)}`),
      withAnotherSession: join(directory, stamp),
    }
    writeFileSync(decoys.text, 'a diary')
    expect(await runTool(['record', decoys.plainTrace, '-d', '10ms'])).toMatchObject({ status: 0 })
    copyFileSync(own, decoys.copyByAnotherName)
    symlinkSync(own, decoys.linkToFile)
    mkdirSync(decoys.directory)
    new Database(decoys.database).exec('CREATE TABLE diary (day TEXT)').close()
    writeFileSync(decoys.empty, '')
    copyFileSync(own, decoys.otherBase)
    copyFileSync(own, decoys.withAnotherSession)
    expect(await runTool(['record', decoys.withAnotherSession, '-d', '10ms'])).toMatchObject({ status: 0 })
    expect(await runTool(['record', decoys.base, '-d', '10ms'])).toMatchObject({ status: 0 })

    const [linked = ''] = await recordFor(directory, '1100ms', [decoys.withAnotherSession])
    const secondName = join(elsewhere, 'second-name.db')
    linkSync(linked, secondName)
    const [foreign = ''] = await recordFor(directory, '1100ms', [decoys.withAnotherSession, linked])
    changeHost(foreign)
    const [removed = ''] = await recordFor(directory, '1100ms', [decoys.withAnotherSession, linked, foreign])

    const recording = await startRotating({ directory, args: ['--rotate', '1s', '--keep', '1kB'] })
    await waitUntil('what it wrote to be removed', () => !existsSync(removed))
    const first = recording.files().find((file) => file > removed) ?? ''
    await waitUntil('its first file to be removed', () => !existsSync(first))
    await recording.stop()
    for (const [what, path] of Object.entries(decoys)) expect(existsSync(path), what).toBe(true)
    expect(existsSync(own), 'the target of the link').toBe(true)
    expect([linked, secondName].map((path) => existsSync(path))).toEqual([true, true])
    expect(existsSync(foreign), 'of another host').toBe(true)
  })

  test('keeps a file that another recorder writes (SEC-54)', async () => {
    const directory = makeTemporaryDirectory()
    const other = await startRotating({ directory, args: ['--rotate', '1h'] })
    const [theirs = ''] = other.files()
    const recording = await startRotating({ directory, args: ['--rotate', '1s', '--keep', '1kB'] })
    const first = recording.files().find((file) => file !== theirs) ?? ''
    await waitUntil('its own first file to be removed', () => !existsSync(first))
    expect(existsSync(theirs)).toBe(true)
    await recording.stop()
    await other.stop()
    expect(existsSync(theirs)).toBe(true)
  })

  test('reports once that a file cannot be removed, and continues recording', async () => {
    const directory = makeTemporaryDirectory()
    const [stuck = ''] = await recordFor(directory, '100ms')
    utimesSync(stuck, LONG_AGO, LONG_AGO)
    // A mount point cannot be removed.
    mount(stuck, ['--bind', stuck])
    const recording = await startRotating({ directory, args: ['--rotate', '1s', '--keep', '7d'] })
    await waitUntil('some changes', () => recording.files().length >= 4)
    const stderr = await recording.stop()
    expect(stderr.match(/^cannot remove .*; recording continues$/gm)).toHaveLength(1)
    expect(stderr).toContain(stuck)
  })
})

/** Records with --rotate, and returns the new files. */
async function recordFor(directory: string, duration: string, known: readonly string[] = []): Promise<string[]> {
  const before = new Set([...known, ...listTraces(directory)])
  const args = ['record', join(directory, 'trace.db'), '--rotate', '1h', '--duration', duration]
  expect(await runTool(args)).toMatchObject({ status: 0 })
  const files = listTraces(directory)
  const made = files.filter((file) => !before.has(file))
  return made.length > 0 ? made : files
}

/** A trace of another host that uses the same directory. */
function changeHost(file: string): void {
  const db = new Database(file)
  db.exec(`UPDATE session SET host = host || '-other'`)
  db.close()
}
