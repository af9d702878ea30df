#!/usr/bin/env node
// Prints the licences of the packages whose code esbuild put into dist/: script/collect-licences.mjs METAFILE…
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

const FOLDER = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/
const inputs = process.argv.slice(2).flatMap((path) => Object.keys(JSON.parse(readFileSync(path, 'utf8')).inputs))
const folders = inputs.flatMap((path) => path.match(FOLDER) ?? [])

for (const folder of [...new Set(folders)].toSorted()) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const texts = readdirSync(folder).filter((file) => /^(licen[cs]e|notice|copyright|copying)/i.test(file))
  if (texts.length === 0) throw new Error(`${folder} has no licence: it may not be passed on`)
  console.log(`${'='.repeat(78)}\n${name} ${version} (${license})\n${'='.repeat(78)}\n`)
  for (const file of texts) console.log(readFileSync(join(folder, file), 'utf8').trim(), '\n')
}
