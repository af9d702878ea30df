import type { NameText } from './tokens.js'

/** Components of cgroup paths that systemd and Kubernetes give every host */
export const COMMON_COMPONENTS = [
  '',
  'system.slice',
  'user.slice',
  'machine.slice',
  'init.scope',
  'kubepods.slice',
  'kubepods-burstable.slice',
  'kubepods-besteffort.slice',
  'kubepods',
  'burstable',
  'besteffort',
  'docker',
  'system',
  'lxc',
]
/** Suffixes of systemd units, which say what a component is */
const UNIT_SUFFIX = /\.(?:service|scope|slice|socket|mount|swap|timer)$/

/** A token for each component; depth, kind of unit, and what all hosts have stay: `/system.slice/unit-7f3a9k2m.service`. */
export function namePath(path: string, token: NameText): string {
  return path
    .split('/')
    .map((component) => nameComponent(component, token))
    .join('/')
}

/** The same for one component, which may be a systemd unit or the name of a container. */
export function nameComponent(component: string, token: NameText, kind = 'group'): string {
  if (COMMON_COMPONENTS.includes(component)) return component
  const suffix = UNIT_SUFFIX.exec(component)?.[0] ?? ''
  return token(suffix === '' ? kind : 'unit', component) + suffix
}
