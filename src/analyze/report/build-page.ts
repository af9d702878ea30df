import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PACKAGE_ROOT } from '../../base/package.js'
import type { ReportData } from './report-data.js'

/** Script and styles that script/build makes from the folder `page`, with their licences. */
const ASSETS = join(PACKAGE_ROOT, 'dist/report')

/** The page as one file. It loads nothing and asks nobody: its policy forbids all but its own script and styles. */
export function buildPage(data: ReportData): string {
  const [script, style] = [
    readFileSync(join(ASSETS, 'page.js'), 'utf8'),
    readFileSync(join(ASSETS, 'page.css'), 'utf8'),
  ]
  const policy = `default-src 'none'; script-src '${digest(script)}'; style-src '${digest(style)}'; base-uri 'none'; form-action 'none'`
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${policy}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="referrer" content="no-referrer">',
    `<title>tcpconn report</title>`,
    `<style>${style}</style>`,
    '</head>',
    '<body>',
    '<noscript>This report is drawn by the script inside this file, which is turned off.</noscript>',
    `<script type="application/json" id="data">${inertJson(data)}</script>`,
    `<script>${script}</script>`,
    '</body>',
    '</html>',
    '',
  ].join('\n')
}

/** As CSP names a script or a style that may be used: https://www.w3.org/TR/CSP3/#grammardef-hash-source */
function digest(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`
}

/** Without a `<` no name can end the element, or begin a comment in it. */
function inertJson(data: ReportData): string {
  return JSON.stringify(data).replaceAll('<', '\\u003c')
}
