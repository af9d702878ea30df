import { expect, test } from 'vitest'
import { TcpconnError } from '../../src/base/errors.js'
import { fullTemporaryDirectory } from '../../src/base/full-disk.js'

const withCode = (code: string) => Object.assign(new Error('made up'), { code })

test.each([
  withCode('ENOSPC'),
  withCode('EDQUOT'),
  withCode('SQLITE_FULL'),
  new Error('IO Error: Could not write file "/tmp/x/duckdb_temp_storage-0.tmp": No space left on device\n\nLINE 1'),
  new Error(
    "Out of Memory Error: failed to offload data block of size 64.0 KiB (2.6 MiB/2.6 MiB used).\nThis limit was set by the 'max_temp_directory_size' setting.",
  ),
])('%s is one of a full temporary directory', (error) => {
  expect(fullTemporaryDirectory(error)).toMatchObject({
    code: 'E_DISK_FULL',
    message: expect.stringContaining(process.env['TMPDIR'] ?? '/tmp'),
    reason: error.message.split('\n')[0],
    hint: expect.stringContaining('TMPDIR'),
  })
})

test.each([
  withCode('EACCES'),
  new Error('Invalid Input Error: No magic bytes found at end of file'),
  new TcpconnError('E_DISK_FULL', { what: 'cannot write out.csv', reason: 'no space left on device', hint: '' }),
  'no error',
])('%s is not', (error) => {
  expect(fullTemporaryDirectory(error)).toBeNull()
})
