import { expect, test } from 'vitest'
import { createPrefixPseudonyms } from '../../../../src/analyze/share/keyed/address-pseudonyms.js'
import { nameDns } from '../../../../src/analyze/share/keyed/dns-pseudonyms.js'
import { createShareKey } from '../../../../src/analyze/share/keyed/share-key.js'
import { createTokens } from '../../../../src/analyze/share/keyed/tokens.js'
import { SECRET } from '../shared-sample.js'

const key = createShareKey(SECRET)
const name = (text: string) => nameDns(text, createTokens(key), createPrefixPseudonyms(key))
const T = '[0-9a-hjkmnp-tv-z]{8}'

test.each([
  ['api.customer.com', `name-${T}\\.domain-${T}\\.com`],
  ['a.b.customer.co.uk', `name-${T}\\.name-${T}\\.domain-${T}\\.co\\.uk`],
  ['db.customer.internal', `name-${T}\\.domain-${T}\\.internal`],
  ['web.prod.svc.cluster.local', `name-${T}\\.domain-${T}\\.svc\\.cluster\\.local`],
  // No registry lists it: it may be the name of a company.
  ['db.customer', `name-${T}\\.name-${T}`],
  // A host may have the name of a top-level domain.
  ['build', `name-${T}`],
  ['co.uk', `domain-${T}\\.uk`],
  // What is before the suffix of a hosting company is a customer, and the company is not kept either.
  ['customer.github.io', `name-${T}\\.domain-${T}\\.io`],
  // Below *.ck, *.kawasaki.jp and *.nom.br any label is a public suffix: that of a customer too.
  ['www.customer.ck', `name-${T}\\.domain-${T}\\.ck`],
  ['customer.ck', `domain-${T}\\.ck`],
  ['a.customer.kawasaki.jp', `name-${T}\\.domain-${T}\\.kawasaki\\.jp`],
  ['www.a.customer.nom.br', `name-${T}\\.name-${T}\\.domain-${T}\\.nom\\.br`],
  // Exceptions of such rules
  ['www.ck', `domain-${T}\\.ck`],
  ['a.city.kawasaki.jp', `name-${T}\\.domain-${T}\\.kawasaki\\.jp`],
  // A label with a dot in it is not a suffix.
  ['foo.customer\\.com', `name-${T}\\.name-${T}`],
  ['foo.customer\\.internal', `name-${T}\\.name-${T}`],
  ['foo.customer\\.co.uk', `name-${T}\\.name-${T}\\.name-${T}`],
  ['weird\\.label.example', `domain-${T}\\.example`],
  ['', `name-${T}`],
])('%j gets a token for each label before its public suffix', (text, pattern) => {
  expect(name(text)).toMatch(new RegExp(`^${pattern}$`))
})

test.each(['localhost', '.'])('%s is the same everywhere', (text) => expect(name(text)).toBe(text))

test('an address in place of a name is encrypted', () => {
  expect(name('10.1.2.3')).toMatch(/^10\.\d+\.\d+\.\d+$/)
  expect(name('10.1.2.3')).not.toBe('10.1.2.3')
})

test.each(['10.1.2.3', '2001:db8::5'])('where addresses are left out, %s in place of a name gets a token', (text) => {
  expect(nameDns(text, createTokens(key), null)).toMatch(new RegExp(`^name-${T}$`))
})

test('a label has one token below one domain, and another below another', () => {
  const [first, second, third] = ['www.customer.com', 'api.www.customer.com', 'www.other.com'].map((text) =>
    name(text).split('.'),
  )
  expect(second!.slice(1)).toEqual(first)
  expect(third![0]).not.toBe(first![0])
})
