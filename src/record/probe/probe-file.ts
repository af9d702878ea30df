import { join } from 'node:path'
import { PACKAGE_ROOT } from '../../base/package.js'
import { chooseApproach } from './approach.js'

const FILE = chooseApproach().isPreemptible ? 'tcpconn-7.bpf.o' : 'tcpconn.bpf.o'

/** The compiled probe for this kernel. The object for Linux 7 calls kernel functions that older kernels lack. */
export const PROBE_OBJECT = join(PACKAGE_ROOT, 'dist', FILE)
