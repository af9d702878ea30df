import { sqlError } from './sql-error.js'

/** A read-only statement and its parameters. */
export interface Statement {
  readonly text: string
  /** Names of `:name` parameters, each once, in the order of their first use */
  readonly parameters: readonly string[]
}

/** Tokens as in SQLite: comments, quoted texts and names, words, parameters, other characters. */
const TOKEN =
  /--[^\n]*|\/\*[^]*?(?:\*\/|$)|'(?:[^']|'')*'?|"(?:[^"]|"")*"?|`(?:[^`]|``)*`?|\[[^\]]*\]?|[:@$#][\w$]+|\?\d*|[\w$\u0080-\uffff]+|\s+|[^]/g

const READS = ['SELECT', 'WITH', 'VALUES']

/**
 * Checks SQL before SQLite compiles it: a PRAGMA takes effect when it is compiled, also after EXPLAIN, and ATTACH would open other
 * files.
 * @throws E_SQL for anything but one SELECT, WITH, VALUES or EXPLAIN of these
 */
export function readStatement(text: string): Statement {
  const tokens = (text.replace(/^\ufeff/, '').match(TOKEN) ?? []).filter((token) => !/^(\s|--|\/\*)/.test(token))
  const words = tokens.slice(0, 4).map((token) => token.toUpperCase())
  if (words[0] === 'EXPLAIN') words.splice(0, words[1] === 'QUERY' && words[2] === 'PLAN' ? 3 : 1)
  const [verb] = words
  if (verb === undefined) throw sqlError('there is no statement in it')
  if (!READS.includes(verb)) {
    throw sqlError(`it begins with ${verb.slice(0, 30)}: only SELECT, WITH, VALUES and EXPLAIN of these are accepted`)
  }
  const parameters = tokens.filter((token) => /^[:@$#?]./.test(token) || token === '?')
  const other = parameters.find((token) => !/^:[A-Za-z_]\w*$/.test(token))
  if (other !== undefined) throw sqlError(`${other.slice(0, 30)}: parameters have names, like :name`)
  return { text: text.replace(/^\ufeff/, ''), parameters: [...new Set(parameters.map((token) => token.slice(1)))] }
}
