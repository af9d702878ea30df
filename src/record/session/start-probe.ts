import { dropPrivileges } from '../host/drop-privileges.js'
import { findInvokingUser, requirePrivileges } from '../host/privileges.js'
import { createUserNames, type User, type UserNames } from '../host/user-names.js'
import type { ProbeOptions } from '../options/probe-options.js'
import { requireInitialPidNamespace, requireKernelSupport } from '../probe/kernel-support.js'
import { loadProbe, type Probe } from '../probe/load-probe.js'
import { refuseDebugger } from './stop-signal.js'

/** A probe that is attached, in a process that may do no more than the user behind sudo. */
export interface StartedProbe {
  readonly probe: Probe
  readonly users: UserNames
  /** Behind sudo, `null` without it */
  readonly user: User | null
}

/**
 * All that takes privileges. From the end of this on nothing runs as root that a user's path or file could lead astray.
 * @param prepare what else takes them, before the probe is loaded
 * @throws E_KERNEL_TOO_OLD, E_NO_BTF, E_NOT_PRIVILEGED, E_PID_NAMESPACE, E_SUDO_USER, E_PRIVILEGES_LEFT and the errors of `loadProbe`
 */
export function startProbe(options: ProbeOptions, prepare: () => void = () => {}): StartedProbe {
  refuseDebugger()
  requireKernelSupport()
  requirePrivileges()
  if (options.followsCommand) requireInitialPidNamespace('record -- COMMAND')
  if (options.filters.pids.length > 0) requireInitialPidNamespace('--pid')
  const users = createUserNames()
  const user = findInvokingUser(users)
  prepare()
  const probe = loadProbe(options)
  for (const gap of probe.gaps) process.stderr.write(`note: ${gap}\n`)
  try {
    dropPrivileges(user)
    return { probe, users, user }
  } catch (error) {
    probe.close()
    throw error
  }
}
