import type { Database } from 'better-sqlite3'

/** The version of the format with the tables and columns of migrations/0003-dns.sql. */
const VERSION = 3

/** Whether a trace can hold DNS lookups, what a name was found with, and containers of cgroups; older ones lack these. */
export function knowsLookups(db: Database): boolean {
  return Number(db.pragma('user_version', { simple: true })) >= VERSION
}
