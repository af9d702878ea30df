/** The parts of the host that a recorder in a container can see. */
export interface HostFindings {
  /** Processes of the host, by its PID namespace */
  readonly hasHostPids: boolean
  /** Files of the host */
  readonly hasRoot: boolean
  readonly hasName: boolean
  /** The cgroup v2 tree: all of it, only the own cgroup, or none */
  readonly cgroups: 'all' | 'own' | 'none'
  /** Sources of accounts of the host that a container cannot query, such as `sss` and `ldap` */
  readonly accountServices: readonly string[]
}

/** Makes the whole host visible. */
export const ALL_OPTIONS =
  '--pid=host and --privileged (podman, docker), hostPID: true and securityContext.privileged: true (Kubernetes)'
const PIDS = '--pid=host (podman, docker), hostPID: true (Kubernetes)'
const PRIVILEGED = '--privileged (podman, docker), securityContext.privileged: true (Kubernetes)'

/** The gaps of a recording in this container, one line each, with the options that close them. */
export function describeHostGaps({ hasHostPids, hasRoot, hasName, cgroups, accountServices }: HostFindings): string[] {
  // With the host's PID namespace only privileges are missing.
  const fix = hasHostPids ? PRIVILEGED : `${PIDS}, with ${PRIVILEGED}`
  const gaps: [boolean, string][] = [
    [
      hasHostPids,
      `this container does not see the processes of the host: completeness is checked for its own network namespaces only, and --dns=libc follows its own libcs only; start it with ${PIDS}`,
    ],
    [
      cgroups !== 'none',
      `this container sees no cgroups (cgroup v2 is not mounted in it): containers that already run get no cgroup path, and --dns does not work; start it with ${fix}`,
    ],
    [
      cgroups !== 'own',
      `this container sees its own cgroup only (private cgroup namespace): containers that already run get no cgroup path, and --dns sees no lookups of others; start it with ${fix}; or with --cgroupns=host (podman, docker)`,
    ],
    [
      hasRoot,
      `this container does not see the files of the host: users and containers get no names, and network namespaces without a process are not counted; start it with ${fix}; or mount / of the host at /host (-v /:/host:ro; Kubernetes: a hostPath volume)`,
    ],
    [
      hasName,
      `this container does not see the name of the host: the trace stores the name of the container; start it with ${fix}; or with --uts=host (podman, docker), hostNetwork: true (Kubernetes)`,
    ],
    [
      accountServices.length === 0,
      `this container reads only /etc/passwd of the host: users from other sources (${accountServices.join(', ')}) have no names; run the recorder on the host itself`,
    ],
  ]
  return gaps.flatMap(([isSeen, text]) => (isSeen ? [] : [text]))
}
