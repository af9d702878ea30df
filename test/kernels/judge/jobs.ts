import { openGuest, type Guest } from './guest.js'

/** A recording of test/kernels/guest/stress.sh. */
export interface StressRun {
  readonly cpus: number
  /** `full`, `full+rps` or `rps` */
  readonly variant: string
  /** Preemption model; empty: that of the boot */
  readonly model: string
  /** With receive packet steering */
  readonly isSteered: boolean
}

/** Whether script/test-kernels made the traffic of traffic.sh on this kernel. */
export function hasTraffic(guest: Guest): boolean {
  return readJobs(guest).some(({ variants }) => variants.includes('traffic'))
}

/** The requested recordings, whether the guest returned them or not. */
export function stressRunsOf(guest: Guest): StressRun[] {
  return readJobs(guest)
    .filter(({ variants }) => !variants.includes('traffic'))
    .flatMap(({ cpus, variants }) => variants.map((variant) => makeRun(cpus, variant)))
}

function makeRun(cpus: number, variant: string): StressRun {
  const model = variant.replace(/\+?rps$/, '')
  return { cpus, variant, model, isSteered: model !== variant }
}

/** The results of the boot with this recording: kernel.txt and dmesg.txt. */
export function openBoot(guest: Guest, { cpus, variant }: StressRun): Guest {
  const job = readJobs(guest).find((one) => one.cpus === cpus && one.variants.includes(variant))
  if (!job) throw new Error(`${guest.name}: ${variant} with ${cpus} CPUs was not asked for`)
  return openGuest(guest.name, guest.path(`stress-${cpus}-${job.variants.join('-')}`))
}

/** The recording itself, its workloads and its counters. */
export function openStressRun(guest: Guest, run: StressRun): Guest {
  return openGuest(guest.name, openBoot(guest, run).path(run.variant))
}

/** Lines of jobs.txt: the number of CPUs, and the variants separated by commas. */
function readJobs(guest: Guest): { readonly cpus: number; readonly variants: readonly string[] }[] {
  if (!guest.has('jobs.txt')) return []
  const lines = guest.text('jobs.txt').trim().split('\n')
  return lines.map((line) => {
    const [cpus, variants = ''] = line.split(' ')
    return { cpus: Number(cpus), variants: variants.split(',') }
  })
}
