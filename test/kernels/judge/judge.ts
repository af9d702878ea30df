/** Checks the results of kernels, and prints a table: judge NAME=DIRECTORY… Started by script/test-kernels. */
import { type Check, judge, type Verdict } from './check.js'
import { clockChecks } from './clock-checks.js'
import { countChecks } from './count-checks.js'
import { filterChecks } from './filter-checks.js'
import { openGuest } from './guest.js'
import { hasTraffic } from './jobs.js'
import { linkChecks } from './link-checks.js'
import { nameChecks } from './name-checks.js'
import { outcomeChecks } from './outcome-checks.js'
import { peerChecks } from './peer-checks.js'
import { renderVerdicts } from './render-verdicts.js'
import { serviceChecks } from './service-checks.js'
import { makeStressChecks } from './stress-checks.js'
import { toolChecks } from './tool-checks.js'

const TRAFFIC_CHECKS: readonly Check[] = [
  ...toolChecks,
  ...outcomeChecks,
  ...countChecks,
  ...filterChecks,
  ...nameChecks,
  ...clockChecks,
  ...peerChecks,
  ...linkChecks,
  ...serviceChecks,
]

const guests = process.argv.slice(2).map((argument) => {
  const [name = '', directory = ''] = argument.split('=')
  return openGuest(name, directory)
})
const checks: readonly Check[] = [...TRAFFIC_CHECKS, ...makeStressChecks(guests)]
const verdicts: Verdict[] = checks.flatMap(({ appliesTo = hasTraffic, ...check }) =>
  guests.filter(appliesTo).map((guest) => judge(check, guest)),
)
process.stdout.write(
  renderVerdicts(
    verdicts,
    guests.map(({ name }) => name),
  ),
)
process.exitCode = verdicts.length === 0 || verdicts.some(({ word }) => word === 'FAIL') ? 1 : 0
