import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { findCgroups, timeCgroups } from '../cgroups.js'
import { cpuTimeNs } from '../cpu-time.js'
import type { BenchOptions, Goal } from '../goal.js'
import { CLI, withDirectory } from '../paths.js'
import { printTable } from '../print-table.js'
import { query } from '../recorders/tcpconn.js'
import { startMeasured, type MeasuredProcess } from '../run-measured.js'
import { formatNumber } from '../statistics.js'

/** Number of containers, and the time in which they start. */
const COUNT = 1000
const SECONDS = 10
const PORT = 9
/** Longer than the recorder and its reader process take to start, and the reader to read the last files. */
const SETTLE_MS = 3000
/** Creates a cgroup with a process that connects once, and the next one after a pause. */
const START_CONTAINERS = `
  my ($above, $root) = @ARGV;
  sub enter { open(my $procs, '>', "$_[0]/cgroup.procs") or die; print $procs $$; close $procs }
  for my $i (0 .. ${COUNT - 1}) {
    my $directory = sprintf('%s/%064x', $above, $i);
    mkdir $directory or die;
    enter $directory;
    socket(my $socket, PF_INET, SOCK_STREAM, 0);
    connect($socket, sockaddr_in(${PORT}, inet_aton('127.0.0.1')));
    close $socket;
    select(undef, undef, undef, ${(0.8 * SECONDS) / COUNT});
  }
  enter $root;`

/** Measures the cost of a recorder and its reader of names per container, and the loss when many start. */
export async function measureContainers({ isQuick }: BenchOptions): Promise<Goal[]> {
  const root = findCgroups()
  const above = join(root, `tcpconn-bench-${process.pid}`, 'docker')
  const repeats = isQuick ? 1000 : 5000
  mkdirSync(above, { recursive: true })
  try {
    const aloneUs = timeCgroups(above, repeats)
    const measured = await withDirectory((directory) => measure(directory, { root, above, repeats }))
    const { recorderUs, readerUs, rows, named, startedMs, memoryMb, watchedUs } = measured
    printTable(
      `## containers: ${formatNumber(COUNT)} started within ${formatNumber(startedMs / 1000, 1)} s, one connect each`,
      ['', ''],
      [
        ['CPU of the reader per container', `${formatNumber(readerUs)} µs`],
        ['CPU of the recorder per container, with its ticks', `${formatNumber(recorderUs)} µs`],
        ['mkdir and rmdir of a cgroup, without a recorder', `${formatNumber(aloneUs, 1)} µs`],
        ['the same, recorded', `${formatNumber(watchedUs, 1)} µs`],
        ['memory of the reader', `${formatNumber(memoryMb)} MB`],
        ['attempts recorded, with a name', `${formatNumber(rows)}, ${formatNumber(named)}`],
      ],
    )
    return [
      { what: 'containers: attempts lost', unit: '', wanted: 0, measured: COUNT - rows, digits: 0 },
      {
        what: 'containers: attempts without a name',
        unit: '',
        wanted: COUNT / 100,
        measured: COUNT - named,
        digits: 0,
      },
    ]
  } finally {
    for (const name of listDirectories(above)) rmdirSync(join(above, name))
    rmdirSync(above)
    rmdirSync(join(above, '..'))
  }
}

interface Place {
  readonly root: string
  readonly above: string
  readonly repeats: number
}

async function measure(directory: string, { root, above, repeats }: Place) {
  const host = makeHost(join(directory, 'host'))
  const trace = join(directory, 'trace.db')
  const recorder = await startMeasured([process.execPath, CLI, 'record', trace, '--quiet', '--host-root', host])
  await delay(SETTLE_MS)
  const reader = readerOf(recorder)
  const [recorderNs, readerNs] = [cpuTimeNs(recorder.pid), cpuTimeNs(reader)]
  const startMs = performance.now()
  execFileSync('perl', ['-MSocket', '-e', START_CONTAINERS, above, root])
  const startedMs = performance.now() - startMs
  await delay(SETTLE_MS)
  const perContainer = (ns: number) => ns / 1000 / COUNT
  const recorderUs = perContainer(cpuTimeNs(recorder.pid) - recorderNs)
  const readerUs = perContainer(cpuTimeNs(reader) - readerNs)
  const memoryMb = Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${reader}/status`, 'utf8'))?.[1]) / 1024
  const watchedUs = timeCgroups(above, repeats)
  await recorder.interrupt()
  const ofContainers = `FROM connects WHERE remote_port = ${PORT} AND container_id IS NOT NULL`
  const rows = query(trace, `SELECT count(*) ${ofContainers}`)
  const named = query(
    trace,
    `SELECT count(*) ${ofContainers} AND container_name = 'web-' || ifnull(nullif(ltrim(container_id, '0'), ''), '0')`,
  )
  return { recorderUs, readerUs, startedMs, memoryMb, watchedUs, rows, named }
}

/** Writes the files of docker for every container. */
function makeHost(host: string): string {
  mkdirSync(join(host, 'etc'), { recursive: true })
  writeFileSync(join(host, 'etc/passwd'), '')
  for (let i = 0; i < COUNT; i++) {
    const containers = join(host, 'var/lib/docker/containers', i.toString(16).padStart(64, '0'))
    mkdirSync(containers, { recursive: true })
    // As large as those of real containers.
    const content = { Name: `/web-${i.toString(16)}`, Config: { Image: 'nginx:1.27', Env: ['x'.repeat(3000)] } }
    writeFileSync(join(containers, 'config.v2.json'), JSON.stringify(content))
  }
  return host
}

function listDirectories(path: string): string[] {
  return readdirSync(path, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []))
}

function readerOf({ pid }: MeasuredProcess): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
  return Number(children.split(' ')[0])
}
