import type { SessionPart } from '../trace/scope.js'
import { createRowReader } from '../trace/row-reader.js'
import { cached, createNumbering } from './numbering.js'

/** Numbers of processes and endpoints that are the same in every file. */
export interface MembersOfPart {
  processOf(processId: number): number
  endpointOf(endpointId: number): number
}

/**
 * A process is a pid and its start on one host since one boot, whatever its threads are called; an endpoint is an address
 * and a port.
 */
export function createMembers(): { of(part: SessionPart): MembersOfPart } {
  const processes = createNumbering()
  const endpoints = createNumbering()
  return {
    of({ trace, host }) {
      const process = createRowReader(trace.lookup, 'process', ['pid', 'process_start_ns'])
      const endpoint = createRowReader(trace.lookup, 'endpoint', ['remote_address', 'remote_port'])
      return {
        processOf: cached((id) => processes([host, ...process(id)])),
        endpointOf: cached((id) => endpoints(endpoint(id))),
      }
    },
  }
}
