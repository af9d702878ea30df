// Functions that run in the page.
/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Browser, Page } from 'puppeteer-core'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { runTool } from '../../support/tool.js'
import { makeTopTrace, manyEndpoints } from '../../support/top-trace.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'
import { openReport, startBrowser, type OpenPage } from './browser.js'
import { makeDemoTrace, type DemoOptions } from './demo-trace.js'

let browser: Browser

beforeAll(async () => {
  browser = await startBrowser()
})

afterAll(() => browser.close())

const HOSTILE = '</script><script>alert(1)</script><img src=x onerror=alert(2)>\u202egpj.exe\x1b[31m'

interface ReportOptions {
  readonly traces?: readonly DemoOptions[]
  readonly width?: number
}

/** Makes traces and the report of them, and opens it. */
async function open({ traces = [{ minutes: 20, hasIncident: true }], width }: ReportOptions = {}): Promise<OpenPage> {
  const directory = makeTemporaryDirectory()
  const files = traces.map((options, i) => {
    const file = join(directory, `trace-${i}.db`)
    makeDemoTrace(file, options)
    return file
  })
  return openTraces(files, width)
}

/** Makes the report of traces, and opens it. */
async function openTraces(files: readonly string[], width?: number): Promise<OpenPage> {
  const report = join(makeTemporaryDirectory(), 'report.html')
  const { status, stderr } = await runTool(['report', ...files, '-o', report])
  expect(stderr).toBe('')
  expect(status).toBe(0)
  const opened = await openReport(browser, report, width)
  onTestFinished(() => opened.page.close())
  return opened
}

/** The texts of a column of a table, from the top. */
function readColumn(page: Page, section: string, heading: string): Promise<string[]> {
  return page.$eval(
    `#${section} table:has(thead)`,
    (table, wanted) => {
      const headings = [...table.querySelectorAll('thead th')].map((one) => one.textContent)
      const column = headings.indexOf(wanted)
      return [...table.querySelectorAll('tbody tr')].map((row) => row.children[column]?.textContent ?? '')
    },
    heading,
  )
}

/** How many different colours each canvas of a section has, the background among them. */
function countColours(page: Page, section: string): Promise<number[]> {
  return page.$$eval(`#${section} canvas`, (canvases) =>
    canvases.map((canvas) => {
      const { width, height } = canvas
      const { data } = (canvas.getContext('2d') as CanvasRenderingContext2D).getImageData(0, 0, width, height)
      return new Set(new Uint32Array(data.buffer)).size
    }),
  )
}

/** The picture of the first canvas of a section. */
function readPicture(page: Page, section: string): Promise<string> {
  return page.$eval(`#${section} canvas`, (canvas) => canvas.toDataURL())
}

const sectionText = (page: Page, section: string) => page.$eval(`#${section}`, (node) => node.textContent ?? '')

/** Runs in the page once what was asked for has been drawn. */
const nextFrame = (page: Page) =>
  page.evaluate(() => new Promise<void>((done) => requestAnimationFrame(() => requestAnimationFrame(() => done()))))

test('a report opens from its file without a request or an error, has every section and draws each chart', async () => {
  const { page, messages, requests } = await open()
  const headings = await page.$$eval('h2', (nodes) => nodes.map((node) => node.textContent))
  expect(headings).toEqual([
    'What was recorded',
    'Timeline',
    'Latency heatmap',
    'Latency distribution',
    'Top endpoints',
    'Failures',
    'SYN retransmits',
    'DNS',
    'Users',
    'Processes',
    'Thread names',
    'Containers and units',
    'Pods',
    'Churn',
    'Slowest attempts',
  ])
  const plots = await countColours(page, 'timeline')
  expect(plots).toHaveLength(3)
  for (const colours of [...plots, ...(await countColours(page, 'heatmap'))]) expect(colours).toBeGreaterThan(8)
  const recorded = await sectionText(page, 'recorded')
  for (const text of ['complete', 'TcpActiveOpens', 'tcpconn record --dns web.db', 'web-1'])
    expect(recorded).toContain(text)
  expect(await sectionText(page, 'failures')).toContain('no process listens on the port')
  expect(messages).toEqual([])
  expect(requests).toEqual([])
})

test('the policy of the page keeps scripts that it does not know from running, and everything from the network (SEC-69)', async () => {
  const seen: (string | undefined)[] = []
  const server = createServer((request, response) => {
    seen.push(request.url)
    response.end()
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  onTestFinished(() => void server.close())
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const { page } = await open()
  const outcome = await page.evaluate(async (url) => {
    const script = document.createElement('script')
    script.textContent = 'document.title = "taken over"'
    const style = document.createElement('style')
    style.textContent = 'body { display: none }'
    const image = new Image()
    image.src = `${url}/image`
    document.body.append(script, style, image)
    document.body.insertAdjacentHTML('beforeend', '<p id="planted" onclick="document.title = 1">p</p>')
    ;(document.querySelector('#planted') as HTMLElement).click()
    const fetched = await fetch(`${url}/fetch`, { mode: 'no-cors' }).then(
      () => 'fetched',
      () => 'refused',
    )
    return { fetched, title: document.title, display: getComputedStyle(document.body).display }
  }, address)
  expect(outcome).toEqual({ fetched: 'refused', title: 'tcpconn report', display: 'block' })
  expect(seen).toEqual([])
})

test('names of a stranger stay text: none is run, none becomes an element, none steers the direction of a line (SEC-68)', async () => {
  const { page, messages, requests } = await open({
    traces: [{ minutes: 2, hasIncident: false, hostileName: HOSTILE }],
  })
  const shown = HOSTILE.replace('\u202e', String.raw`\u{202e}`).replace('\x1b', String.raw`\x1b`)
  expect(await page.$eval('h1', (node) => node.textContent)).toBe(`TCP connects of ${shown}`)
  expect(await readColumn(page, 'users', 'USER')).toContain(shown)
  expect(await sectionText(page, 'dns')).toContain(shown)
  expect(await readColumn(page, 'threads', 'COMM')).toContain(shown.slice(0, 15))
  expect(await page.$$eval('img, script', (nodes) => nodes.map((node) => node.localName))).toEqual(['script', 'script'])
  expect(messages).toEqual([])
  expect(requests).toEqual([])
})

test('a latency with none before and after it is drawn as a point', async () => {
  const startedNs = [0n, 600_000_000_000n, 1_200_000_000_000n]
  const trace = makeTopTrace(startedNs.map((ns) => ({ startedNs: ns, latencyNs: 2_000_000n })))
  const { page } = await openTraces([trace])
  // The colour of p99, which is drawn last.
  const columns = await page.$$eval('#timeline canvas', (canvases) => {
    const canvas = canvases.at(-1) as HTMLCanvasElement
    const { width, height } = canvas
    const { data } = (canvas.getContext('2d') as CanvasRenderingContext2D).getImageData(0, 0, width, height)
    const colour = getComputedStyle(document.documentElement).getPropertyValue('--p99').trim()
    const isDrawn = (i: number) =>
      `#${Array.from(data.slice(i, i + 3), (value) => value.toString(16).padStart(2, '0')).join('')}` === colour
    return Array.from({ length: width }, (_, x) => x).filter((x) =>
      Array.from({ length: height }, (_, y) => 4 * (y * width + x)).some(isDrawn),
    )
  })
  const points = columns.filter((x, i) => x - (columns[i - 1] ?? -Infinity) > 10)
  expect(points).toHaveLength(3)
})

test.each([
  [101, '1 more row is not in this page'],
  [102, '2 more rows are not in this page'],
])('of %i endpoints it counts those that are left out', async (count, note) => {
  const { page } = await openTraces([makeTopTrace(manyEndpoints(count))])
  expect(await page.$eval('#endpoints .note', (node) => node.textContent)).toBe(note)
})

test('a table is sorted by the column whose heading is pressed, and once more the other way round', async () => {
  const { page } = await open()
  const press = (heading: string) =>
    page.$$eval(
      '#endpoints thead button',
      (buttons, wanted) => buttons.find((button) => button.textContent === wanted)?.click(),
      heading,
    )
  const numbers = async () => (await readColumn(page, 'endpoints', 'FAILED')).map(Number)
  await press('FAILED')
  const descending = await numbers()
  expect(new Set(descending).size).toBeGreaterThan(3)
  expect(descending).toEqual(descending.toSorted((a, b) => b - a))
  expect(await page.$$eval('#endpoints [aria-sort=descending]', (nodes) => nodes.length)).toBe(1)
  await press('FAILED')
  expect(await numbers()).toEqual(descending.toReversed())
  await press('ADDRESS')
  const addresses = await readColumn(page, 'endpoints', 'ADDRESS')
  expect(addresses[0]).toBe('192.0.2.20')
  expect(addresses.at(-1)).toBe('2001:db8::20')
})

test('a search leaves the rows that have the text in any column', async () => {
  const { page } = await open()
  await page.type('#endpoints input[type=search]', '192.0.2.2')
  expect(await readColumn(page, 'endpoints', 'ADDRESS')).toEqual(['192.0.2.20', '192.0.2.21'])
  expect(await page.$eval('#endpoints .count', (node) => node.textContent)).toBe('2 of 7 rows')
})

test('an endpoint that is chosen is the only one in timeline and distribution, until all are asked for', async () => {
  const { page } = await open()
  const [whole, distribution] = [
    await readPicture(page, 'timeline'),
    await readColumn(page, 'distribution', 'ATTEMPTS'),
  ]
  await page.click('#endpoints td button')
  await nextFrame(page)
  expect(await sectionText(page, 'timeline')).toContain('Only 192.0.2.20:5432')
  expect(await page.$eval('#endpoints tr.chosen button', (node) => node.getAttribute('aria-pressed'))).toBe('true')
  expect(await readPicture(page, 'timeline')).not.toBe(whole)
  const [attempts = ''] = await readColumn(page, 'endpoints', 'ATTEMPTS')
  const toNumber = (text: string) => Number(text.replaceAll(',', ''))
  const sum = (texts: readonly string[]) => texts.map(toNumber).reduce((all, one) => all + one, 0)
  expect(sum(await readColumn(page, 'timeline', 'ATTEMPTS'))).toBe(toNumber(attempts))
  const failed = await readColumn(page, 'endpoints', 'FAILED')
  const ofOne = await readColumn(page, 'distribution', 'ATTEMPTS')
  expect(sum(ofOne)).toBe(toNumber(attempts) - toNumber(failed[0] ?? ''))
  await page.click('#timeline .selection button')
  await nextFrame(page)
  expect(await readPicture(page, 'timeline')).toBe(whole)
  expect(await readColumn(page, 'distribution', 'ATTEMPTS')).toEqual(distribution)
})

test('the timeline zooms by keys, by buttons and by a drag, and takes heatmap and distribution along', async () => {
  const { page } = await open()
  const see = async () => {
    await nextFrame(page)
    return Promise.all([readPicture(page, 'timeline'), readPicture(page, 'heatmap'), sectionText(page, 'distribution')])
  }
  const whole = await see()
  await page.focus('#timeline .charts')
  await page.keyboard.press('+')
  const zoomed = await see()
  zoomed.forEach((one, i) => expect(one).not.toBe(whole[i]))
  await page.keyboard.press('ArrowRight')
  expect((await see())[0]).not.toBe(zoomed[0])
  await page.keyboard.press('0')
  expect(await see()).toEqual(whole)
  const buttons = await page.$$('#timeline .zoom button')
  await buttons[0]?.click()
  expect(await see()).toEqual(zoomed)
  await buttons.at(-1)?.click()
  const box = await (await page.$('#timeline .u-over'))?.boundingBox()
  const { x = 0, y = 0, width = 0 } = box ?? {}
  await page.mouse.move(x + width / 4, y + 40)
  await page.mouse.down()
  await page.mouse.move(x + width / 2, y + 40)
  await page.mouse.up()
  const dragged = await see()
  dragged.forEach((one, i) => expect(one).not.toBe(whole[i]))
})

test('two traces are side by side, with what changed between them, and a choice holds for both', async () => {
  const { page, messages } = await open({
    traces: [
      { minutes: 20, hasIncident: false },
      { minutes: 20, hasIncident: true },
    ],
    width: 1600,
  })
  expect(await readColumn(page, 'changes', 'NAME')).toContain('192.0.2.20:5432')
  expect(await page.$$eval('#timeline canvas', (canvases) => canvases.length)).toBe(6)
  const [before, after] = await page.$$eval('#failures .side', (sides) =>
    sides.map((side) => side.getBoundingClientRect().toJSON() as DOMRect),
  )
  expect(before?.top).toBe(after?.top)
  await page.click('#endpoints .side:last-child td button')
  await nextFrame(page)
  expect(await page.$$eval('#endpoints tr.chosen', (rows) => rows.length)).toBe(2)
  expect(messages).toEqual([])
})

test.each([400, 1024, 1600])('at %i pixels nothing is wider than the page', async (width) => {
  const { page } = await open({ width })
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width)
  for (const canvas of await page.$$('canvas')) expect((await canvas.boundingBox())?.width).toBeLessThanOrEqual(width)
})

test('the charts follow the colours of a dark page, and are dark on white on paper', async () => {
  const { page } = await open()
  const light = await readPicture(page, 'heatmap')
  await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: 'dark' }])
  await nextFrame(page)
  expect(await readPicture(page, 'heatmap')).not.toBe(light)
  await page.emulateMediaType('print')
  await nextFrame(page)
  expect(await readPicture(page, 'heatmap')).toBe(light)
  expect(await page.evaluate(() => getComputedStyle(document.body).backgroundColor)).toBe('rgb(255, 255, 255)')
  expect(await page.$$eval('#endpoints input', ([input]) => input?.checkVisibility())).toBe(false)
})

test('who cannot see the charts finds names for what can be used, and their numbers in tables', async () => {
  const { page } = await open()
  const labels = await page.$$eval('.charts, .heatmap, .scroll, input', (nodes) =>
    nodes.map((node) => node.getAttribute('aria-label') ?? ''),
  )
  expect(labels.length).toBeGreaterThan(20)
  expect(labels.filter((label) => label === '')).toEqual([])
  expect(await page.$$eval('#timeline details tbody tr', (rows) => rows.length)).toBeGreaterThan(50)
  const unnamed = await page.$$eval('button, a', (nodes) => nodes.filter((node) => node.textContent === '').length)
  expect(unnamed).toBe(0)
})
