import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { makeTemporaryDirectory } from './temporary-directory.js'

/** Files in PEM: a key, and a certificate for 127.0.0.1 that it signs itself. Removed when the test ends. */
export function makeCertificate(): { readonly key: string; readonly certificate: string } {
  const directory = makeTemporaryDirectory()
  const [key, certificate] = [join(directory, 'key'), join(directory, 'certificate')]
  const algorithm = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  const subject = ['-subj', '/CN=tcpconn', '-addext', 'subjectAltName=IP:127.0.0.1']
  const files = ['-keyout', key, '-out', certificate]
  execFileSync('openssl', ['req', '-x509', ...algorithm, ...files, ...subject], { stdio: 'ignore' })
  return { key, certificate }
}
