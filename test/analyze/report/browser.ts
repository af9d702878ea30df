import { launch, type Browser, type Page } from 'puppeteer-core'

/** Debian's. */
const CHROMIUM = '/usr/bin/chromium'

/** A page, and what it did that a report must not do. */
export interface OpenPage {
  readonly page: Page
  /** Messages of the console and errors of scripts */
  readonly messages: readonly string[]
  /** Addresses of requests, without that of the page itself */
  readonly requests: readonly string[]
}

/** Starts Chromium without a window. As root it refuses to start with its sandbox. */
export function startBrowser(): Promise<Browser> {
  return launch({
    executablePath: CHROMIUM,
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--disable-extensions'],
    // Against what hangs: on a busy machine everything takes many times as long.
    timeout: 240_000,
    protocolTimeout: 240_000,
  })
}

/** Opens a report from its file, as a double click does, and waits until it is drawn. */
export async function openReport(browser: Browser, path: string, width = 1024): Promise<OpenPage> {
  const page = await browser.newPage()
  const messages: string[] = []
  const requests: string[] = []
  page.on('console', (message) => messages.push(message.text()))
  page.on('pageerror', (error) => messages.push(String(error)))
  page.on('dialog', (dialog) => {
    messages.push(`dialog: ${dialog.message()}`)
    void dialog.dismiss()
  })
  page.on('request', (request) => {
    if (request.url() !== `file://${path}`) requests.push(request.url())
  })
  page.setDefaultTimeout(240_000)
  await page.setViewport({ width, height: 900 })
  await page.goto(`file://${path}`)
  await waitUntilDrawn(page)
  return { page, messages, requests }
}

/** Charts are drawn in the frame after the one that shows their place. */
async function waitUntilDrawn(page: Page): Promise<void> {
  await page.evaluate(
    'new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(done))))',
  )
}
