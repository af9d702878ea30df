import { execFileSync } from 'node:child_process'
import { linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { identifyContainer, type ContainerIdentity } from '../../../src/attempt/container-identity.js'
import { findFacts } from '../../../src/record/runtimes/find-facts.js'
import { MAX_FILE_BYTES, openDirectory, type Directory } from '../../../src/record/runtimes/read-beneath.js'
import { criFile, dockerConfig, dockerFile, idOf, makeHost, type Host } from './make-host.js'

const ID = idOf(1)
const DOCKER = identifyContainer(`/docker/${ID}`) as ContainerIdentity

const find = (host: Host) => findFacts({ root: host.root, homeOf: () => null }, DOCKER)

function openDocker(host: Host): Directory {
  const directory = openDirectory(host.root, 'var/lib/docker/containers')
  if (directory === null) throw new Error('no directory')
  onTestFinished(directory.close)
  return directory
}

/** A host on which the file of the container is what `make` makes at its path. */
function makeHostile(make: (path: string, host: Host) => void): Host {
  const host = makeHost()
  host.makeDirectory(`var/lib/docker/containers/${ID}`)
  make(join(host.path, dockerFile(ID)), host)
  return host
}

describe('a file of a runtime that is not what it should be', () => {
  test('is not followed through a link, neither the file nor a directory above it (SEC-92)', () => {
    const secret = join(makeHost().path, 'secret')
    writeFileSync(secret, JSON.stringify(dockerConfig('secret')))
    expect(find(makeHostile((path) => symlinkSync(secret, path)))).toBeNull()
    expect(
      find(makeHostile((path, host) => symlinkSync(host.write('inside', dockerConfig('inside')), path))),
    ).toBeNull()
    const host = makeHost()
    host.makeDirectory('var/lib/docker/containers')
    host.write('elsewhere/config.v2.json', dockerConfig('elsewhere'))
    symlinkSync('../../../../elsewhere', join(host.path, `var/lib/docker/containers/${ID}`))
    expect(find(host)).toBeNull()
  })

  test('is not followed out of the directory of the runtime, nor out of the host (SEC-92)', () => {
    const host = makeHost()
    host.write(dockerFile(ID), dockerConfig('web'))
    host.write('var/lib/docker/secret', 'secret')
    const docker = openDocker(host)
    expect(docker.read(`${ID}/config.v2.json`)).not.toBeNull()
    for (const path of [`${ID}/../../secret`, '../secret', '/etc/passwd', '/proc/self/environ'])
      expect(docker.read(path)).toBeNull()
    symlinkSync('/', join(host.path, 'way-out'))
    expect(openDirectory(host.root, 'way-out/proc/self')).toBeNull()
    expect(openDirectory(host.root, '../../..')?.read('etc/passwd')?.toString()).toBe('')
  })

  test('does not make the reader wait: a FIFO, a socket, a directory, a device (SEC-93)', async () => {
    expect(find(makeHostile((path) => execFileSync('mkfifo', [path])))).toBeNull()
    expect(find(makeHostile((path) => mkdirSync(path)))).toBeNull()
    const server = createServer()
    const host = makeHostile(() => {})
    await new Promise<void>((resolve) => server.listen(join(host.path, dockerFile(ID)), resolve))
    expect(find(host)).toBeNull()
    server.close()
    if (process.getuid?.() !== 0) return
    const zero = makeHostile((path) => execFileSync('mknod', [path, 'c', '1', '5']))
    expect(find(zero)).toBeNull()
  })

  test('is read up to 256 KiB (SEC-94)', () => {
    const long = { ...dockerConfig('web'), Padding: 'x'.repeat(MAX_FILE_BYTES) }
    expect(MAX_FILE_BYTES).toBe(262_144)
    expect(find(makeHostile((path) => writeFileSync(path, JSON.stringify(long))))).toBeNull()
    const host = makeHostile((path) => writeFileSync(path, Buffer.alloc(MAX_FILE_BYTES + 10, 'y').fill('x', 0, 10)))
    expect(openDocker(host).read(`${ID}/config.v2.json`)).toBeNull()
    const end = openDocker(host).read(`${ID}/config.v2.json`, 'end')
    expect([end?.length, end?.includes('x')]).toEqual([MAX_FILE_BYTES, false])
  })

  test.each([
    ['empty', ''],
    ['no JSON', '{"Name": "/web"'],
    ['binary', '\xff\xfe\0\0'],
    ['a list', '[]'],
    ['null', 'null'],
    ['a number', '12'],
    ['deep lists', `${'['.repeat(100_000)}${']'.repeat(100_000)}`],
    ['deep objects', `${'{"Config":'.repeat(20_000)}1${'}'.repeat(20_000)}`],
    ['wrong types', '{"Name": 7, "Config": {"Image": ["nginx"], "Labels": "a text"}}'],
    ['other wrong types', '{"Name": {"a": 1}, "Config": [], "Labels": null}'],
    ['names of prototypes', '{"__proto__": {"Name": "/web"}, "constructor": {"Name": "/web"}}'],
  ])('has no names, and does no harm: %s (SEC-95)', (_, content) => {
    const facts = find(makeHostile((path) => writeFileSync(path, content)))
    expect(facts).toEqual({
      runtime: 'docker',
      name: null,
      image: null,
      podName: null,
      podNamespace: null,
      podUid: null,
      podContainer: null,
    })
  })

  test.each(['\u001b[2J', 'web\n', '\0', '\u0085', '\ud800', 'x'.repeat(513), ''])(
    'has no usable name: %j (SEC-96)',
    (name) => {
      expect(find(makeHostile((path) => writeFileSync(path, JSON.stringify(dockerConfig(name)))))?.name).toBeNull()
    },
  )

  test('may hold any printable name (SEC-96)', () => {
    const name = 'wéb 🐳 <b>"x"</b>'
    expect(find(makeHostile((path) => writeFileSync(path, JSON.stringify(dockerConfig(name)))))?.name).toBe(name)
  })

  test('of containerd has no names either: links, deep objects, wrong types (SEC-95)', () => {
    const task = identifyContainer(`/k8s.io/${ID}`) as ContainerIdentity
    const contents = [
      '{"annotations":'.repeat(9000),
      '{"annotations": []}',
      '{"annotations": {"nerdctl/name": ["web"]}}',
    ]
    for (const content of contents) {
      const host = makeHost()
      host.write(criFile(ID), content)
      expect(findFacts({ root: host.root, homeOf: () => null }, task)).toMatchObject({ name: null, image: null })
    }
  })

  test('of podman is not read beyond its container: unfinished objects, texts with braces (SEC-95)', () => {
    const podman = identifyContainer(`/libpod_parent/libpod-${ID}`) as ContainerIdentity
    const nameIn = (content: string) => {
      const host = makeHost()
      host.write('var/lib/containers/storage/vfs-containers/containers.json', content)
      return findFacts({ root: host.root, homeOf: () => null }, podman)?.name
    }
    expect(nameIn(`[{"id":"${ID}","names":["a}b{\\"c"],"metadata":"{"}]`)).toBe('a}b{"c')
    expect(nameIn(`[{"id":"${ID}","names":["web"`)).toBeNull()
    expect(nameIn(`[{"id":"${ID}","names":{"0":"web"},"metadata":"{\\"name\\":[1]}"}]`)).toBeNull()
    expect(nameIn(`[{"note":"{\\"id\\":\\"${ID}\\",\\"names\\":[\\"wrong\\"]}"}]`)).toBeUndefined()
  })

  test('is no link of another user: a hard link is a file like any other, which its owner could copy', () => {
    const host = makeHostile(() => {})
    linkSync(host.write('original', dockerConfig('web')), join(host.path, dockerFile(ID)))
    expect(find(host)?.name).toBe('web')
  })
})
