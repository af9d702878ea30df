/**
 * Beginnings of the sentences that `record` stores in `session.limits`; their only variable parts are numbers. Nothing else gets into
 * a shared trace: the rest of a sentence may hold names of programs, paths or errors.
 */
const KNOWN: readonly RegExp[] = [
  /^this container does not see the processes of the host/,
  /^this container sees no cgroups/,
  /^this container sees its own cgroup only/,
  /^this container does not see the files of the host/,
  /^this container does not see the name of the host/,
  /^this kernel has no connection tracking, or its BTF does not describe it/,
  /^before Linux \d+\.\d+, and on machines other than x86-64 and arm64/,
  /^the process that reads names of containers ended early/,
  /^[\d,]+ containers? without a name/,
  /^this container reads only \/etc\/passwd of the host/,
  /^the host has more than [\d,]+ cgroups/,
  /^[\d,]+ users? of the host without a name/,
  /^cgroup v2 is not mounted: cgroups created before the recording have no path/,
  /^cannot check for containers under cgroup v1 and for a redirected connect\(2\)/,
  /^(?:no container|none) under cgroup v1 among the first \d+ cgroups and processes/,
  /^containers under cgroup v1 cannot be distinguished/,
  /^cannot list BPF programs on connect\(2\)/,
  /^no BPF program redirects connect\(2\) in the first \d+ cgroups/,
  /^BPF programs may redirect connect\(2\)/,
  /^network namespaces have no cookies before Linux \d+\.\d+/,
  /^--dns=libc attaches to at most \d+ libcs/,
  /^--dns=libc could not attach to [\d,]+ libcs?/,
  /^--dns=libc cannot inspect [\d,]+ process(?:es)? of other users/,
  /^(?:docker|podman|nerdctl|ctr|crictl|kubectl|systemd-run|lxc|incus|machinectl) starts processes through a daemon/,
  /^LOST [\d,]+ (?:connect call|address record|new cgroup|descendant|getaddrinfo call)s?/,
  /^[\d,]+ DNS answers? longer than 4,096 bytes truncated/,
]
const UNKNOWN = 'a limit of the host that tcpconn share left out'

/** `session.limits` with the beginnings of its sentences. */
export function knownLimits(json: string): string {
  const limits = parseList(json)
  return JSON.stringify(limits.map((limit) => knownBeginning(String(limit))))
}

function knownBeginning(sentence: string): string {
  const known = KNOWN.map((beginning) => beginning.exec(sentence)?.[0]).find((match) => match !== undefined)
  if (known === undefined) return UNKNOWN
  return known === sentence ? known : `${known} …`
}

function parseList(json: string): unknown[] {
  try {
    const parsed: unknown = JSON.parse(json)
    return Array.isArray(parsed) ? parsed : []
  } catch {
    return []
  }
}
