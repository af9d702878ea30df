import type { ConnectRow } from '../../src/view/connect-row.js'

/** An attempt of which only what matters is named. */
export function makeRow(fields: Partial<ConnectRow> = {}): ConnectRow {
  return {
    startedNs: 0,
    unixNs: 1_750_000_000_123_456_789n,
    latencyNs: 1_234_567,
    outcome: 'established',
    errno: null,
    synRetransmits: 0,
    pid: 1234,
    tid: 1234,
    processStartNs: 9_007_199_254_740_993n,
    comm: 'curl',
    exe: 'curl',
    uid: 1000,
    user: 'maria',
    cgroup: '/user.slice',
    container: 'user.slice',
    netns: 4_026_531_840,
    mntns: 4_026_531_841,
    family: 4,
    localAddress: '192.0.2.1',
    localPort: 40_000,
    remoteAddress: '192.0.2.2',
    remotePort: 443,
    hasDnsSource: true,
    dnsName: null,
    dnsAgeNs: null,
    dnsLookupNs: null,
    dnsCandidates: null,
    ...fields,
  }
}
