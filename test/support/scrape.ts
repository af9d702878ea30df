import { get } from 'node:http'

/** Values of a scrape by `name{labels}`, as they are written. */
export type Scraped = Readonly<Record<string, number>>

/** Scrapes what `record --metrics` has named: `http://…` or `unix:…`. */
export async function scrape(address: string): Promise<Scraped> {
  const target = address.startsWith('unix:') ? { socketPath: address.slice(5), path: '/metrics' } : address
  const text = await new Promise<string>((resolve, reject) => {
    const request = get(target, async (response) => {
      let body = ''
      for await (const chunk of response.setEncoding('utf8')) body += chunk
      resolve(body)
    })
    request.on('error', reject)
  })
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]),
  )
}

/** The address that a recorder has named on stderr. */
export function metricsAddress(errors: string): string | null {
  return /^metrics: (.+)$/m.exec(errors)?.[1] ?? null
}
