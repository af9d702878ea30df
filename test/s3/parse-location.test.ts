import { describe, expect, test } from 'vitest'
import { formatLocation, isLocation, parseLocation } from '../../src/s3/parse-location.js'

describe('a place in a bucket', () => {
  test.each([
    ['s3://archive', 'archive', '', 's3://archive'],
    ['s3://archive/', 'archive', '', 's3://archive'],
    ['s3://my.bucket-1/a/b c?#%/', 'my.bucket-1', 'a/b c?#%', 's3://my.bucket-1/a/b c?#%'],
    ['s3://Old_bucket/x', 'Old_bucket', 'x', 's3://Old_bucket/x'],
    ['s3://archive//connects//', 'archive', 'connects', 's3://archive/connects'],
  ])('is read from %j', (text, bucket, prefix, shown) => {
    expect(isLocation(text)).toBe(true)
    expect(parseLocation('--from', text)).toEqual({ bucket, prefix })
    expect(formatLocation({ bucket, prefix })).toBe(shown)
  })

  test.each([
    's3://',
    's3:///connects',
    's3://a',
    's3://../x',
    's3://a b/x',
    's3://_ab/x',
    's3://ab_/x',
    'S3://archive',
    `s3://archive/${'x'.repeat(700)}`,
  ])('is not read from %j', (text) => {
    expect(() => parseLocation('--output', text)).toThrow(expect.objectContaining({ code: 'E_USAGE' }))
  })

  test('has a name of all characters that the error lists', () => {
    const refuse = () => parseLocation('--output', 's3://a+b')
    expect(refuse).toThrow(
      expect.objectContaining({
        reason:
          '--output takes s3://BUCKET/PREFIX: BUCKET has 3 to 255 letters, digits, dots, hyphens and underscores; a letter or digit is at each end',
      }),
    )
  })

  test.each(['s3://KEY:hidden@archive/x', 's3://hidden@archive', 's3://127.0.0.1:9000:hidden/archive'])(
    'has no keys: %j is refused without showing them (SEC-150)',
    (text) => {
      const refuse = () => parseLocation('--output', text)
      expect(refuse).toThrow(expect.objectContaining({ reason: expect.stringContaining('environment') }))
      expect(refuse).not.toThrow(/hidden/)
    },
  )
})
