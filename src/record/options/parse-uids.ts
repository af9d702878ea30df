import { UsageError } from '../../errors.js'
import { requireInteger, splitLists } from '../../options/parse-lists.js'
import type { UserNames } from '../host/user-names.js'

const MAX_UID = 2 ** 32 - 2

/** User ids, or names that this host knows. */
export function parseUids(texts: readonly string[], users: UserNames): number[] {
  const accepted = 'user ids or names that this host knows, like 1000 or www-data,1000'
  return splitLists('--uid', texts, accepted).map((text) => {
    if (/^\d+$/.test(text)) return requireInteger('--uid', text, 0, MAX_UID, accepted)
    const user = users.byName(text)
    if (user) return user.uid
    throw new UsageError('--uid', text, accepted)
  })
}
