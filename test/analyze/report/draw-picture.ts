/**
 * Draws docs/report.png, the picture of the README: script/report-picture.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openReport, startBrowser } from './browser.js'
import { makeDemoTrace } from './demo-trace.js'

const WIDTH = 860
const [picture = ''] = process.argv.slice(2)
const directory = mkdtempSync(join(tmpdir(), 'tcpconn-picture-'))
const [trace, report] = [join(directory, 'web.db'), join(directory, 'report.html')]
const browser = await startBrowser()
try {
  makeDemoTrace(trace, { minutes: 30, hasIncident: true })
  execFileSync(process.execPath, ['dist/cli.js', 'report', trace, '-o', report])
  const { page } = await openReport(browser, report, WIDTH)
  // As far as the heatmap.
  const height = await page.$eval('#distribution', (section) => Math.floor(section.getBoundingClientRect().top))
  await page.screenshot({ path: picture, clip: { x: 0, y: 0, width: WIDTH, height }, captureBeyondViewport: true })
} finally {
  await browser.close()
  rmSync(directory, { recursive: true })
}
