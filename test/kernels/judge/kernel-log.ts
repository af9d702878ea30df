const COMPLAINTS = /BUG:|\bOops|WARNING:|general protection|soft lockup|rcu.*stall/i
/** The kernel logs its parameters, some of which are named after a report that they disable. */
const PARAMETERS = /command line: |CPU stall warnings suppressed/i

/** Lines of a kernel's log that report a fault of the kernel. */
export function listComplaints(log: string): string[] {
  return log.split('\n').filter((line) => COMPLAINTS.test(line) && !PARAMETERS.test(line))
}
