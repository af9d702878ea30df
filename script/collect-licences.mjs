#!/usr/bin/env node
// Prints the licences of the packages whose code esbuild put into dist/: script/collect-licences.mjs METAFILE…
import { readFileSync, readdirSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

const FOLDER = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/
const inputs = process.argv.slice(2).flatMap((path) => Object.keys(JSON.parse(readFileSync(path, 'utf8')).inputs))
const folders = inputs.flatMap((path) => path.match(FOLDER) ?? [])

const textsIn = (folder) => readdirSync(folder).filter((file) => /^(licen[cs]e|notice|copyright|copying)/i.test(file))
const manifestOf = (folder) => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))

/** A package without a text has that of another one of its scope, by the same author and under the same licence. */
function findTexts(folder) {
  const own = textsIn(folder)
  const scope = dirname(folder)
  if (own.length > 0 || !basename(scope).startsWith('@')) return own.map((file) => join(folder, file))
  const termsOf = ({ author, license }) => JSON.stringify([author, license])
  const terms = termsOf(manifestOf(folder))
  const others = readdirSync(scope).map((name) => join(scope, name))
  const other = others.find((one) => termsOf(manifestOf(one)) === terms && textsIn(one).length > 0)
  return other === undefined ? [] : textsIn(other).map((file) => join(other, file))
}

for (const folder of [...new Set(folders)].toSorted()) {
  const { name, version, license } = manifestOf(folder)
  const texts = findTexts(folder)
  if (texts.length === 0) throw new Error(`${folder} has no licence: it may not be passed on`)
  console.log(`${'='.repeat(78)}\n${name} ${version} (${license})\n${'='.repeat(78)}\n`)
  for (const file of texts) console.log(readFileSync(file, 'utf8').trim(), '\n')
}
