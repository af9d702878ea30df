import { hostname } from 'node:os'
import type { HostView } from '../../src/record/host/host-view.js'

/** A recorder on the host itself, without cgroup v2. */
export const PLAIN_HOST: HostView = { name: hostname(), root: '/', cgroups: null, netns: null, gaps: [] }
