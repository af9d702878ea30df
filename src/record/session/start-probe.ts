import { safeLine } from '../../text/safe-text.js'
import { startContainerReader, type ContainerNames } from '../containers/start-reader.js'
import { findHostLimits } from '../doctor/host-limits.js'
import { dropPrivileges } from '../host/drop-privileges.js'
import { findInvokingUser, requirePrivileges } from '../host/privileges.js'
import { createHostUsers, createUserNames, type User, type UserNames } from '../host/user-names.js'
import type { ProbeOptions } from '../options/record-options.js'
import { canReadCalls } from '../probe/nat-gaps.js'
import { requireInitialPidNamespace, requireKernelSupport } from '../probe/kernel-support.js'
import { loadProbe, type Probe } from '../probe/load-probe.js'
import { refuseDebugger } from './stop-signal.js'

/** An attached probe, in a process with no more privileges than the user behind sudo. */
export interface StartedProbe {
  readonly probe: Probe
  readonly containers: ContainerNames
  /** Accounts of the host */
  readonly users: UserNames
  /** User behind sudo, `null` without sudo */
  readonly user: User | null
  /** Limits of this host and gaps of the requested features, one sentence each */
  readonly limits: readonly string[]
}

/**
 * All work that requires privileges. Afterwards no code runs as root that uses a path or file of the user.
 * @param prepare other privileged work, before the probe is loaded
 * @throws E_KERNEL_TOO_OLD, E_NO_BTF, E_NOT_PRIVILEGED, E_PID_NAMESPACE, E_SUDO_USER, E_PRIVILEGES_LEFT and the errors
 * of `loadProbe`
 */
export function startProbe(options: ProbeOptions, prepare: () => void = () => {}): StartedProbe {
  refuseDebugger()
  requireKernelSupport()
  requirePrivileges()
  if (options.followsCommand) requireInitialPidNamespace('record -- COMMAND')
  if (options.filters.pids.length > 0) requireInitialPidNamespace('--pid')
  // The user behind sudo is an account of this system, even in a container.
  const user = findInvokingUser(createUserNames())
  prepare()
  const probe = loadProbe(options)
  try {
    const limits = [...options.host.gaps, ...probe.gaps, ...findHostLimits(options.host, options.nat && canReadCalls())]
    for (const limit of limits) process.stderr.write(`note: ${safeLine(limit)}\n`)
    const containers = startContainerReader({
      root: options.host.root,
      cgroups: options.host.cgroups?.isWhole ? options.host.cgroups.path : null,
      newCgroupsFd: probe.newCgroupsFd,
      user,
    })
    dropPrivileges(user)
    return { probe, containers, users: createHostUsers(options.host.root), user, limits }
  } catch (error) {
    probe.close()
    throw error
  }
}
