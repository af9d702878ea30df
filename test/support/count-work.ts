import { readFileSync } from 'node:fs'
import Database, { type Statement } from 'better-sqlite3'
import { onTestFinished, vi, type Mock } from 'vitest'

/** An array that counts reads of its elements. */
export interface CountedArray<Item> {
  readonly array: Item
  readonly reads: () => number
}

/** Wraps an array or a typed array: `array` has the same elements, and counts each read of an element. */
export function countReads<Item extends object>(array: Item): CountedArray<Item> {
  let reads = 0
  const counting = new Proxy(array, {
    get(target, key) {
      if (typeof key === 'string' && /^\d+$/.test(key)) reads++
      const value: unknown = Reflect.get(target, key, target)
      // Methods of typed arrays refuse a proxy.
      return typeof value === 'function' && ArrayBuffer.isView(target) ? value.bind(target) : value
    },
  })
  return { array: counting, reads: () => reads }
}

/** Counts calls of methods until the test ends: of `Math`, of a prototype. */
export function countCalls<Methods extends object>(object: Methods, ...names: (keyof Methods)[]): () => number {
  const spies = names.map((name) => vi.spyOn(object, name as never) as unknown as Mock)
  onTestFinished(() => {
    for (const spy of spies) spy.mockRestore()
  })
  return () => spies.reduce((sum, spy) => sum + spy.mock.calls.length, 0)
}

/** The statements of SQLite since the counting began. */
export interface StatementCount {
  /** Executions of statements whose SQL matches */
  executions(sql: RegExp): number
  /** Rows that all statements returned together */
  rows(): number
}

/** Counts the statements that better-sqlite3 executes in this process, until the test ends. */
export function countStatements(): StatementCount {
  const db = new Database(':memory:')
  const prototype = Object.getPrototypeOf(db.prepare('SELECT 1')) as Statement
  db.close()
  const spies = (['run', 'get', 'all', 'iterate'] as const).map((name) => vi.spyOn(prototype, name))
  onTestFinished(() => {
    for (const spy of spies) spy.mockRestore()
  })
  const [, get, all] = spies
  return {
    executions: (sql) =>
      spies.flatMap(({ mock }) => mock.contexts as Statement[]).filter(({ source }) => sql.test(source)).length,
    rows: () =>
      (all?.mock.results ?? []).reduce((sum, { value }) => sum + (value as unknown[]).length, 0) +
      (get?.mock.results ?? []).filter(({ value }) => value !== undefined).length,
  }
}

/** Bytes that this process reads from files while `body` runs, as the kernel counts them (proc_pid_io(5)). */
export function countReadBytes(body: () => void): number {
  const before = readCharacters()
  body()
  return readCharacters() - before
}

function readCharacters(): number {
  return Number(/^rchar: (\d+)$/m.exec(readFileSync('/proc/self/io', 'utf8'))?.[1])
}
