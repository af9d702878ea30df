/** Runs the named parts of the bench, by default all. Started by script/bench. */
import { parseArgs } from 'node:util'
import { printGoals, type BenchOptions, type Goal } from './goal.js'
import { measureAnalyze } from './parts/analyze.js'
import { measureBytes } from './parts/bytes.js'
import { measureContainers } from './parts/containers.js'
import { measureDns } from './parts/dns.js'
import { measureExport } from './parts/export.js'
import { measureFeed } from './parts/feed.js'
import { measureFleet } from './parts/fleet.js'
import { measureIdle } from './parts/idle.js'
import { measureLoad } from './parts/load.js'
import { measureLocalErrors } from './parts/local-errors.js'
import { measureMemory } from './parts/memory.js'
import { measureOwners } from './parts/owners.js'
import { measurePrograms } from './parts/programs.js'
import { measurePush } from './parts/push.js'
import { measureShare } from './parts/share.js'
import { measureNat } from './parts/nat.js'
import { measureStartup } from './parts/startup.js'
import { measureTop } from './parts/top.js'

const PARTS: Record<string, (options: BenchOptions) => Promise<Goal[]>> = {
  startup: measureStartup,
  idle: measureIdle,
  feed: measureFeed,
  bytes: measureBytes,
  memory: measureMemory,
  load: measureLoad,
  programs: measurePrograms,
  dns: measureDns,
  'local-errors': measureLocalErrors,
  containers: measureContainers,
  nat: measureNat,
  top: measureTop,
  analyze: measureAnalyze,
  owners: measureOwners,
  export: measureExport,
  share: measureShare,
  push: measurePush,
  fleet: measureFleet,
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: 'boolean', default: false }, rounds: { type: 'string' } },
})
const unknown = positionals.filter((name) => !(name in PARTS))
const rounds = Number(values.rounds ?? (values.quick ? 2 : 5))
if (unknown.length > 0 || !(rounds >= 1)) {
  console.error(`usage: script/bench [--quick] [--rounds N] [${Object.keys(PARTS).join('] [')}]`)
  process.exit(2)
}
const goals: Goal[] = []
for (const [name, measure] of Object.entries(PARTS)) {
  if (positionals.length > 0 && !positionals.includes(name)) continue
  console.error(`bench: ${name} …`)
  goals.push(...(await measure({ rounds, isQuick: values.quick })))
}
if (goals.length > 0) printGoals(goals)
