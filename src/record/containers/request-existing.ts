import { containerKey, identifyContainer } from '../../attempt/container-identity.js'
import type { CgroupPaths } from '../host/cgroup-paths.js'
import type { ContainerNames } from './start-reader.js'

/** Requests the names of the containers that exist when a recording starts. */
export function requestExisting(containers: ContainerNames, cgroupPaths: CgroupPaths): void {
  for (const path of cgroupPaths.existing()) {
    const identity = identifyContainer(path)
    if (identity !== null) containers.find(containerKey(identity), path)
  }
}
