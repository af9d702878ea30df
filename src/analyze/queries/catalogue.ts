import type { StoredQuery } from './stored-query.js'
import { topEndpoints } from './top-endpoints.js'

/** Every stored query, in the order of `analyze --list`. */
export const CATALOGUE: readonly StoredQuery[] = [topEndpoints]
