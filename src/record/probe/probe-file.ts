import { join } from 'node:path'
import { PACKAGE_ROOT } from '../../package-root.js'

/** The compiled probe. */
export const PROBE_OBJECT = join(PACKAGE_ROOT, 'dist/tcpconn.bpf.o')
