import { constants } from 'node:os'

export const { EADDRNOTAVAIL, ECONNREFUSED, ECONNRESET, EHOSTUNREACH, ETIMEDOUT } = constants.errno
/** The errno that test/workload/connect counts for an attempt that it closed without an answer. */
export const EINPROGRESS = constants.errno.EINPROGRESS
