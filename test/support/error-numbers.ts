import { constants } from 'node:os'

export const { EADDRNOTAVAIL, ECONNREFUSED, ECONNRESET, EHOSTUNREACH, ETIMEDOUT } = constants.errno
/** What connect of test/workload counts for an attempt that it closed without an answer. */
export const EINPROGRESS = constants.errno.EINPROGRESS
