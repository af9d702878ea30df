import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { createStatements, SCHEMA_VERSION } from '../../src/fleet/create-statements.js'

/** SHA-256 of the statements that create the tables of each version, without comments; shortened. */
const STATEMENTS: Readonly<Record<number, string>> = {
  1: 'af67a7cd966a9c7c',
}

/*
 * Servers keep the tables that they were migrated with. Whoever changes a table raises SCHEMA_VERSION, lets `fleet migrate` change
 * the tables of the version before, and adds a line here.
 */
test('tables of a fleet change only together with their version', () => {
  const statements = [{}, { cluster: 'fleet' }].flatMap(createStatements)
  const text = statements.join(';\n').replaceAll(/ COMMENT '(?:[^'\\]|\\.)*'/g, '')
  expect(text).toContain('CREATE TABLE')
  expect(text).not.toContain('COMMENT')
  expect(createHash('sha256').update(text).digest('hex').slice(0, 16)).toBe(STATEMENTS[SCHEMA_VERSION])
})
