/**
 * Attaches programs that only return to the root of cgroup v2, until it is interrupted. A process of its own:
 *
 *   node attach-return.js OBJECT
 */
import { openSync } from 'node:fs'
import { openHostView } from '../../src/record/host/host-view.js'
import { openLibbpf } from '../../src/record/native/libbpf.js'
import { captureLibbpfLog } from '../../src/record/native/libbpf-log.js'
import { openObject } from '../../src/record/probe/probe-object.js'

const root = openHostView().cgroups?.path
if (root === undefined) throw new Error('cgroup v2 is not mounted')
const libbpf = openLibbpf()
const object = openObject(libbpf, process.argv[2] ?? '', captureLibbpfLog(libbpf))
object.load()
const fd = openSync(root, 'r')
for (const name of ['pass_sent', 'pass_received']) object.attachToCgroup(name, fd)
setInterval(() => {}, 60_000)
