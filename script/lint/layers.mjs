/**
 * Rules of oxlint.
 * `layers/order`: a folder of src/ imports only folders below it, so that no chain of imports leads back. The order is not
 * written down: it is read from the imports, those of types included. src/record/ and src/analyze/ never import each other.
 * `layers/packages`: who may import which package.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'

const ROOT = process.cwd()
const IMPORT = /\b(?:from|import)\s*\(?\s*'(\.[^']+)'/g
const STAGES = ['src/record', 'src/analyze']

/** Package → what imports it. */
const USERS = {
  koffi: ['src/record/native/'],
  'better-sqlite3': ['src/store/'],
  kysely: ['src/store/', 'src/analyze/'],
  '@clickhouse/client': ['src/clickhouse/'],
  '@aws-sdk/client-s3': ['src/s3/'],
  'apache-arrow': ['src/analyze/export/'],
  '@hpcc-js/wasm-zstd': ['src/analyze/export/'],
  commander: [
    'src/cli.ts',
    'src/cli/usage/',
    'src/commands/',
    'src/options/',
    'src/record/command.ts',
    'src/analyze/command.ts',
    'src/analyze/commands/',
  ],
}
/** Any file may import types of these. */
const OPEN_TYPES = ['better-sqlite3']

/** Folder → the folders that its files import. */
let imports

const order = {
  meta: { type: 'problem' },
  create(context) {
    const from = folderOf(context.filename)
    if (from === null) return {}
    imports ??= readImports()
    return visitImports((node, specifier) => {
      if (!specifier.startsWith('.')) return
      const to = folderOf(resolve(dirname(context.filename), specifier))
      if (to === null || to === from) return
      if (STAGES.includes(stageOf(from)) && STAGES.includes(stageOf(to)) && stageOf(from) !== stageOf(to)) {
        context.report({ node, message: `${from} imports ${to}: the stages meet in the trace file` })
      }
      const way = findWay(to, from)
      if (way !== null) context.report({ node, message: `${from} imports ${to}, which imports it: ${way.join(' → ')}` })
    })
  },
}

const packages = {
  meta: { type: 'problem' },
  create(context) {
    const path = relative(ROOT, context.filename)
    if (!path.startsWith('src/')) return {}
    return visitImports((node, specifier) => {
      const name = Object.keys(USERS).find((one) => specifier === one || specifier.startsWith(`${one}/`))
      if (name === undefined || USERS[name].some((user) => path.startsWith(user))) return
      if (OPEN_TYPES.includes(name) && importsTypesOnly(node)) return
      context.report({ node, message: `${name} is imported in ${USERS[name].join(', ')}` })
    })
  },
}

export default { meta: { name: 'layers' }, rules: { order, packages } }

function visitImports(check) {
  const visit = (node) => {
    if (typeof node.source?.value === 'string') check(node, node.source.value)
  }
  return {
    ImportDeclaration: visit,
    ExportNamedDeclaration: visit,
    ExportAllDeclaration: visit,
    ImportExpression: visit,
  }
}

function importsTypesOnly(node) {
  return (
    node.importKind === 'type' ||
    (node.specifiers?.length > 0 && node.specifiers.every(({ importKind }) => importKind === 'type'))
  )
}

function readImports() {
  const found = new Map()
  for (const entry of readdirSync(join(ROOT, 'src'), { recursive: true, withFileTypes: true })) {
    if (!entry.name.endsWith('.ts')) continue
    const path = join(entry.parentPath, entry.name)
    const from = folderOf(path)
    if (!found.has(from)) found.set(from, new Set())
    for (const [, specifier] of readFileSync(path, 'utf8').matchAll(IMPORT)) {
      const to = folderOf(resolve(dirname(path), specifier))
      if (to !== null && to !== from) found.get(from).add(to)
    }
  }
  return found
}

/** The folder of a file, from src/ on; null outside of it. */
function folderOf(path) {
  const folder = relative(ROOT, dirname(path))
  return folder === 'src' || folder.startsWith('src/') ? folder : null
}

const stageOf = (folder) => folder.split('/').slice(0, 2).join('/')

/** The folders on a shortest path of imports from one folder to another; null if no imports lead there. */
function findWay(from, to) {
  const ways = [[from]]
  const seen = new Set([from])
  for (const way of ways) {
    for (const next of imports.get(way.at(-1)) ?? []) {
      if (next === to) return [...way, to]
      if (seen.has(next)) continue
      seen.add(next)
      ways.push([...way, next])
    }
  }
  return null
}
