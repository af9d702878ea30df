import type { ConnectRow } from '../../view/connect-row.js'

/** What the dimensions know of a process. */
export type TopProcess = Pick<
  ConnectRow,
  | 'pid'
  | 'processStartNs'
  | 'comm'
  | 'uid'
  | 'user'
  | 'container'
  | 'containerName'
  | 'containerImage'
  | 'podName'
  | 'podNamespace'
>

export type TopEndpoint = Pick<ConnectRow, 'remoteAddress' | 'remotePort'>

/** Where an attempt belongs. A source passes the same object for the same process, and for the same endpoint. */
export interface TopParties {
  readonly process: TopProcess
  readonly endpoint: TopEndpoint
  /** `null`: none, or not recorded */
  readonly dnsName: string | null
}

/** An attempt that has ended. */
export interface TopAttempt extends TopParties {
  /** Unix time of its start, in ns */
  readonly unixNs: number
  /** `null`: not known */
  readonly latencyNs: number | null
  /** Index in `OUTCOMES` */
  readonly outcome: number
  /** 0: none */
  readonly errno: number
  readonly synRetransmits: number
}
