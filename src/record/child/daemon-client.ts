import { basename } from 'node:path'

/** Programs that run another program as a child. */
const WRAPPERS = ['sudo', 'doas', 'env', 'nohup', 'time', 'timeout', 'nice', 'ionice', 'chrt', 'stdbuf', 'setsid']
const ANY = ''
const PODMAN = ['run', 'exec', 'start', 'restart', 'play', 'kube', 'build']
/** Programs that start processes through a daemon, and the subcommands that do so. */
const CLIENTS: Readonly<Record<string, readonly string[]>> = {
  docker: ['run', 'exec', 'start', 'restart', 'compose', 'build', 'buildx', 'stack', 'service'],
  'docker-compose': ['up', 'run', 'exec', 'start', 'restart'],
  nerdctl: ['run', 'exec', 'start', 'restart', 'compose'],
  podman: PODMAN,
  'podman-remote': PODMAN,
  kubectl: ['run', 'exec', 'debug', 'create', 'apply', 'replace', 'rollout', 'scale'],
  oc: ['run', 'exec', 'debug', 'rsh', 'create', 'apply', 'new-app', 'rollout', 'scale'],
  helm: ['install', 'upgrade'],
  ctr: ['run', 'exec', 'start'],
  crictl: ['run', 'runp', 'exec', 'start'],
  lxc: ['exec', 'launch', 'start', 'restart'],
  incus: ['exec', 'launch', 'start', 'restart'],
  machinectl: ['shell', 'start'],
  'systemd-run': [ANY],
}
/** Their subcommands that have subcommands of their own, like docker container run. */
const GROUPS = ['container', 'containers', 'image', 'task', 'tasks']
/** Options before the subcommand whose value is the next word. */
const TAKES_VALUE =
  /^(-H|--host|-c|--context|--config|-l|--log-level|--url|--connection|--root|--runroot|-n|--namespace|-a|--address|--kubeconfig|--cluster|--user|-s|--server|--runtime-endpoint|-f|--file|-p|--project-name)$/
/** Options that make podman use a service. */
const REMOTE = /^(--remote(=true)?|-r|--url(=.*)?|--connection(=.*)?|-c)$/

/**
 * A note that a command starts processes that are not recorded: containers started by a daemon are not children of the
 * client.
 * @returns `null` for other commands
 */
export function describeDaemonClient(command: readonly string[], env = process.env): string | null {
  const words = command.map((word) => basename(word))
  // Their options may have values: the client is the first word that is one.
  const at = WRAPPERS.includes(words[0] ?? '') ? words.findIndex((word) => Object.hasOwn(CLIENTS, word)) : 0
  const name = words[at] ?? ''
  if (!Object.hasOwn(CLIENTS, name)) return null
  const { options, subcommand } = splitWords(command.slice(at + 1))
  // Without a service, podman is the parent of what it starts.
  if (name === 'podman' && env.CONTAINER_HOST === undefined && !options.some((word) => REMOTE.test(word))) return null
  const starters = CLIENTS[name] ?? []
  if (!starters.includes(ANY) && !starters.includes(subcommand)) return null
  return `${name} starts processes through a daemon: they are not children of ${name}, and their connects are not recorded; record the host instead (tcpconn record), or a running container: tcpconn record --container NAME, or by its cgroup, tcpconn record --cgroup PATH, with the path from /proc/PID/cgroup`
}

/** The options before the subcommand, and the subcommand. */
function splitWords(words: readonly string[]): { options: readonly string[]; subcommand: string } {
  let at = 0
  while (words[at]?.startsWith('-')) at += TAKES_VALUE.test(words[at] ?? '') ? 2 : 1
  const isGroup = GROUPS.includes(words[at] ?? '')
  return { options: words.slice(0, at), subcommand: words[isGroup ? at + 1 : at] ?? '' }
}
