const COMPLAINTS = /BUG:|\bOops|WARNING:|general protection|soft lockup|rcu.*stall/i

/** Lines of a kernel's log that report a fault of the kernel. */
export function listComplaints(log: string): string[] {
  return log.split('\n').filter((line) => COMPLAINTS.test(line))
}
