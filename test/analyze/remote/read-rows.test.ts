import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { connectServer, readAccess, type Server } from '../../../src/clickhouse/connect.js'
import { readRows } from '../../../src/analyze/remote/read-rows.js'
import { startClickhouse } from '../../support/clickhouse-server.js'

async function countRows(server: Server, sql: string): Promise<number> {
  let count = 0
  for await (const _ of readRows(server, sql, {})) count++
  return count
}

/** A server that answers every query with these bytes, and then closes the connection early or in good order. */
async function serverWith(text: string, isWhole: boolean): Promise<Server> {
  const http = createServer((request, response) => {
    request.resume()
    response.write(text, () => (isWhole ? response.end() : response.destroy()))
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const { port } = http.address() as AddressInfo
  const server = connectServer(readAccess('--from', `clickhouse://reader@127.0.0.1:${port}/fleet`, {}))
  onTestFinished(async () => {
    await server.close()
    http.closeAllConnections()
    http.close()
  })
  return server
}

test('a query that fails after its first rows is an error with the reason of the server', async () => {
  const server = await startClickhouse()
  onTestFinished(() => server[Symbol.asyncDispose]())
  const client = connectServer(
    readAccess('--from', server.url().replace(/\w+$/, 'default'), { passwordFile: server.passwordFile() }),
  )
  onTestFinished(() => client.close())
  expect(await countRows(client, 'SELECT number, 0 FROM numbers(300000)')).toBe(300_000)
  for (const columns of ['number', 'number, 0']) {
    const sql = `SELECT ${columns} FROM numbers(3000000) WHERE NOT throwIf(number = 2000000, 'no more memory')`
    await expect(countRows(client, sql)).rejects.toMatchObject({
      code: 'E_FLEET_REFUSED',
      message: expect.stringMatching(/broke off its answer$/) as string,
      reason: expect.stringMatching(/^Code: 395\. .*no more memory/) as string,
    })
  }
})

test('an error as a row, a row with other columns and a closed connection are errors', async () => {
  const rows = '["a", "b"]\n["1", "2"]\n'
  expect(await countRows(await serverWith(rows, true), 'SELECT 1')).toBe(1)
  const code = 'Code: 241. DB::Exception: memory limit exceeded'
  for (const text of [
    `["${code}"]\n`,
    `\r\n__exception__\r\nabcdefgh\r\n${code}\n48 abcdefgh\r\n__exception__\r\n`,
    `${code}\n`,
  ]) {
    await expect(countRows(await serverWith(rows + text, true), 'SELECT 1')).rejects.toMatchObject({
      code: 'E_FLEET_REFUSED',
      reason: expect.stringContaining(code) as string,
    })
  }
  await expect(countRows(await serverWith(rows, false), 'SELECT 1')).rejects.toMatchObject({
    code: 'E_FLEET_UNREACHABLE',
  })
})
