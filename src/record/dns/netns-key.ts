/** A network namespace as reported by the probe. */
export interface Netns {
  /** 0: unknown */
  readonly inode: number
  /** Unique until the next boot; 0: unknown, as before Linux 5.12 */
  readonly cookie: bigint
}

/** Key of the host's network namespace. */
export const HOST_NETNS = -1

/**
 * Identity of a network namespace: its cookie, because inode numbers of removed namespaces are reused; without a cookie
 * its inode number.
 * @param hostInode of the host's own namespace, which always exists; `null`: unknown
 * @returns `HOST_NETNS`, or 0 if unknown. Exact up to 2^53 namespaces
 */
export function netnsKeyOf(inode: number, cookie: number, hostInode: number | null): number {
  if (inode !== 0 && inode === hostInode) return HOST_NETNS
  return cookie || inode
}
