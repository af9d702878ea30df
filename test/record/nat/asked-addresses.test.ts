import { expect, test } from 'vitest'
import { formatAddress } from '../../../src/attempt/address.js'
import { createAskedAddresses } from '../../../src/record/nat/asked-addresses.js'
import { addressOf, portOf } from '../../../src/record/nat/endpoint-key.js'
import { packAsked } from './nat-payloads.js'

const GENERATION = 65_536

test('an address is found by the start and the thread of its attempt, as often as needed', () => {
  const asked = createAskedAddresses()
  expect(asked.find(1, 10)).toBeNull()
  asked.add(-5, packAsked('10.96.0.10:443', 10))
  for (let i = 0; i < 2; i++) {
    const found = asked.find(-5, 10)
    expect(found && [formatAddress(addressOf(found)), portOf(found)]).toEqual(['10.96.0.10', 443])
  }
  expect(asked.find(-5, 11)).toBeNull()
  expect(asked.find(5, 10)).toBeNull()
})

test('threads that begin attempts in the same nanosecond have their own addresses', () => {
  const asked = createAskedAddresses()
  const ports = [1, 2, 3]
  for (const port of ports) asked.add(5, packAsked(`10.96.0.10:${port}`, 10 + port))
  const found = ports.map((port) => asked.find(5, 10 + port))
  expect(found.map((one) => one && portOf(one))).toEqual(ports)
})

test('an address of an attempt that has not ended outlives those of attempts that have', () => {
  const asked = createAskedAddresses()
  asked.add(-1, packAsked('10.96.0.10:1', 7))
  const packed = packAsked('10.96.0.10:2', 7)
  for (let i = 0; i < 5 * GENERATION; i++) {
    asked.add(i, packed)
    asked.find(i, 7)
  }
  expect(asked.find(-1, 7)).not.toBeNull()
  expect(asked.find(0, 7)).toBeNull()
  expect(asked.lostCount).toBe(0)
})

test('addresses of attempts that never end are bounded, and the others are counted (SEC-86)', () => {
  const asked = createAskedAddresses()
  const packed = packAsked('10.96.0.10:2', 7)
  for (let i = 0; i < 4 * GENERATION; i++) asked.add(i, packed)
  const kept = Array.from({ length: 4 * GENERATION }, (_, i) => asked.find(i, 7)).filter((one) => one !== null)
  expect(kept.length).toBeLessThanOrEqual(2 * GENERATION)
  expect(asked.find(4 * GENERATION - 1, 7)).not.toBeNull()
  expect(asked.lostCount).toBe(4 * GENERATION - kept.length)
})
