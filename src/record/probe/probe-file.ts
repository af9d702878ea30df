import { join } from 'node:path'
import { PACKAGE_ROOT } from '../../package-root.js'
import { chooseApproach } from './approach.js'

const FILE = chooseApproach().isPreemptible ? 'tcpconn-7.bpf.o' : 'tcpconn.bpf.o'

/** The compiled probe for this kernel. That for Linux 7 calls functions of the kernel that others do not have. */
export const PROBE_OBJECT = join(PACKAGE_ROOT, 'dist', FILE)
