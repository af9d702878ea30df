import { mkdirSync, renameSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { identifyContainer } from '../../../src/attempt/container-identity.js'
import { NO_FACTS } from '../../../src/record/runtimes/container-facts.js'
import { findFacts } from '../../../src/record/runtimes/find-facts.js'
import { criConfig, criFile, dockerConfig, dockerFile, idOf, makeHost, type Host } from './make-host.js'

const ID = idOf(1)
const UID = process.getuid?.() ?? 0
const USER = `/user.slice/user-${UID}.slice/user@${UID}.service/user.slice`
const CART = { pod: 'cart-0', namespace: 'shop', uid: 'a-uid', container: 'cart', image: 'shop/cart:1.4' }
const CART_FACTS = {
  ...NO_FACTS,
  image: 'shop/cart:1.4',
  podName: 'cart-0',
  podNamespace: 'shop',
  podUid: 'a-uid',
  podContainer: 'cart',
}

function find(host: Host, cgroup: string, home: string | null = null) {
  const identity = identifyContainer(cgroup)
  if (identity === null) throw new Error(`no container: ${cgroup}`)
  return findFacts({ root: host.root, homeOf: () => home }, identity)
}

/** An entry of containers.json, as containers/storage writes it. */
const podmanEntry = (id: string, name: string, image = 'docker.io/library/redis:7') =>
  `{"id":"${id}","names":["${name}"],"image":"1f","layer":"2e","metadata":${JSON.stringify(
    JSON.stringify({ 'image-name': image, name }),
  )},"created":"2026-01-01T00:00:00Z","flags":{"MountLabel":"","ProcessLabel":""}}`

describe('the files of a runtime', () => {
  test('of docker have name and image', () => {
    const host = makeHost()
    host.write(dockerFile(ID), dockerConfig('web'))
    const expected = { ...NO_FACTS, runtime: 'docker', name: 'web', image: 'nginx:1.27' }
    expect(find(host, `/docker/${ID}`)).toEqual(expected)
    expect(find(host, `/system.slice/docker-${ID}.scope`)).toEqual(expected)
  })

  test('of docker under Kubernetes have the pod', () => {
    const host = makeHost()
    const labels = {
      'io.kubernetes.pod.name': 'cart-0',
      'io.kubernetes.pod.namespace': 'shop',
      'io.kubernetes.pod.uid': 'a-uid',
      'io.kubernetes.container.name': 'cart',
    }
    host.write(dockerFile(ID), dockerConfig('k8s_cart_cart-0_shop_a-uid_0', 'shop/cart:1.4', labels))
    const expected = { ...CART_FACTS, runtime: 'docker', name: 'k8s_cart_cart-0_shop_a-uid_0' }
    expect(find(host, `/kubepods/burstable/podabcdef012345/${ID}`)).toEqual(expected)
  })

  test.each(['run', 'run/k3s'])('of containerd below /%s have the pod', (state) => {
    const host = makeHost()
    host.write(criFile(ID, state), criConfig(CART))
    expect(find(host, `/kubepods.slice/kubepods-podabcdef012345.slice/cri-containerd-${ID}.scope`)).toEqual({
      ...CART_FACTS,
      runtime: 'containerd',
    })
  })

  test('of nerdctl have the name', () => {
    const host = makeHost()
    const file = `run/containerd/io.containerd.runtime.v2.task/default/${ID}/config.json`
    host.write(file, { annotations: { 'nerdctl/name': 'web', 'nerdctl/namespace': 'default' } })
    expect(find(host, `/system.slice/nerdctl-${ID}.scope`)).toEqual({ ...NO_FACTS, runtime: 'containerd', name: 'web' })
  })

  test.each(['var/lib', 'run'])('of CRI-O below /%s have the pod and the requested image', (directory) => {
    const host = makeHost()
    host.write(`${directory}/containers/storage/overlay-containers/${ID}/userdata/config.json`, {
      annotations: {
        'io.kubernetes.cri-o.ContainerType': 'container',
        'io.kubernetes.cri-o.Name': 'k8s_cart_cart-0_shop_a-uid_0',
        'io.kubernetes.cri-o.Image': '4f5e',
        'io.kubernetes.cri-o.ImageName': 'shop/cart:1.4',
        'io.kubernetes.pod.name': 'cart-0',
        'io.kubernetes.pod.namespace': 'shop',
        'io.kubernetes.pod.uid': 'a-uid',
        'io.kubernetes.container.name': 'cart',
      },
    })
    const expected = { ...CART_FACTS, runtime: 'cri-o', name: 'k8s_cart_cart-0_shop_a-uid_0' }
    expect(find(host, `/kubepods.slice/kubepods-podabcdef012345.slice/crio-${ID}.scope/container`)).toEqual(expected)
    expect(find(host, `/kubepods/podabcdef012345/${ID}`)).toEqual(expected)
  })

  test.each(['overlay', 'vfs', 'btrfs'])('of podman with the storage driver %s have name and image', (driver) => {
    const host = makeHost()
    const entries = [podmanEntry(idOf(2), 'other'), podmanEntry(ID, 'redis.prod'), podmanEntry(idOf(3), 'last')]
    host.write(`var/lib/containers/storage/${driver}-containers/containers.json`, `[${entries.join(',')}]`)
    expect(find(host, `/machine.slice/libpod-${ID}.scope/container`)).toEqual({
      ...NO_FACTS,
      runtime: 'podman',
      name: 'redis.prod',
      image: 'docker.io/library/redis:7',
    })
    expect(find(host, `/libpod_parent/libpod-${idOf(9)}`)).toBeNull()
  })

  test('of podman are searched for volatile containers too', () => {
    const host = makeHost()
    host.write('var/lib/containers/storage/overlay-containers/containers.json', '[]')
    const file = 'var/lib/containers/storage/overlay-containers/volatile-containers.json'
    host.write(file, `[${podmanEntry(ID, 'brief')}]`)
    expect(find(host, `/libpod_parent/libpod-${ID}`)).toMatchObject({ name: 'brief' })
  })

  test('of podman have the newest containers at their end, even if they are larger than what is read', () => {
    const host = makeHost()
    const entries = Array.from({ length: 2000 }, (_, i) => podmanEntry(idOf(i), `job-${i}`))
    host.write('var/lib/containers/storage/overlay-containers/containers.json', `[${entries.join(',')}]`)
    expect(find(host, `/libpod_parent/libpod-${idOf(1999)}`)).toMatchObject({ name: 'job-1999' })
    expect(find(host, `/libpod_parent/libpod-${idOf(1500)}`)).toMatchObject({ name: 'job-1500' })
    expect(find(host, `/libpod_parent/libpod-${idOf(0)}`)).toBeNull()
  })

  test("of a user's podman and docker are in the home directory", () => {
    const host = makeHost()
    host.write(
      'home/ana/.local/share/containers/storage/overlay-containers/containers.json',
      `[${podmanEntry(ID, 'mine')}]`,
    )
    host.write(`home/ana/.local/share/docker/containers/${idOf(2)}/config.v2.json`, dockerConfig('too'))
    expect(find(host, `${USER}/libpod-${ID}.scope/container`, '/home/ana')).toMatchObject({ name: 'mine' })
    expect(find(host, `${USER}/docker-${idOf(2)}.scope`, '/home/ana')).toMatchObject({ name: 'too' })
  })

  test('may be behind a link of the administrator, below the root of the host', () => {
    const host = makeHost()
    host.write(`data/docker/containers/${ID}/config.v2.json`, dockerConfig('moved'))
    host.makeDirectory('var/lib')
    symlinkSync('/data/docker', join(host.path, 'var/lib/docker'))
    expect(find(host, `/docker/${ID}`)).toMatchObject({ name: 'moved' })
  })

  test('are not searched for machines and names of users that look like files', () => {
    const host = makeHost()
    host.write('run/containerd/io.containerd.runtime.v2.task/default/web/config.json', {
      annotations: { 'nerdctl/name': 'wrong' },
    })
    expect(find(host, '/lxc.payload.web')).toBeNull()
    expect(find(host, '/machine.slice/machine-web.scope')).toBeNull()
    expect(find(host, '/default/web')).toMatchObject({ name: 'wrong' })
    expect(find(host, '/default/..')).toBeNull()
  })
})

describe('a process of a user', () => {
  test("cannot take the name of root's container by the path of its cgroup (SEC-91)", () => {
    const host = makeHost()
    host.write(dockerFile(ID), dockerConfig('web'))
    host.makeDirectory('home/ana')
    expect(find(host, `/docker/${ID}`)).not.toBeNull()
    expect(find(host, `${USER}/docker-${ID}.scope`, '/home/ana')).toBeNull()
    expect(find(host, `${USER}/docker-${ID}.scope`)).toBeNull()
    expect(find(host, `/docker/${idOf(2)}/docker-${ID}.scope`)).toBeNull()
  })

  test('cannot take names from the home directory of another user (SEC-91)', () => {
    const host = makeHost()
    const file = 'home/ana/.local/share/containers/storage/overlay-containers/containers.json'
    host.write(file, `[${podmanEntry(ID, 'mine')}]`)
    const other = `/user.slice/user-${UID + 1}.slice/user@${UID + 1}.service/user.slice/libpod-${ID}.scope`
    expect(find(host, other, '/home/ana')).toBeNull()
  })

  test('cannot give its container the names of a pod (SEC-97)', () => {
    const host = makeHost()
    const labels = Object.fromEntries(
      ['pod.name', 'pod.namespace', 'pod.uid', 'container.name'].map((name) => [`io.kubernetes.${name}`, 'stolen']),
    )
    host.write(`home/ana/.local/share/docker/containers/${ID}/config.v2.json`, dockerConfig('mine', 'image', labels))
    const docker = { ...NO_FACTS, runtime: 'docker', name: 'mine', image: 'image' }
    expect(find(host, `${USER}/docker-${ID}.scope`, '/home/ana')).toEqual(docker)
    host.write(`home/ana/.local/share/containers/storage/vfs-containers/${idOf(2)}/userdata/config.json`, {
      annotations: { ...labels, 'io.kubernetes.cri-o.ContainerType': 'container', 'io.kubernetes.cri-o.Name': 'mine' },
    })
    const crio = { ...NO_FACTS, runtime: 'cri-o', name: 'mine' }
    expect(find(host, `${USER}/crio-${idOf(2)}.scope`, '/home/ana')).toEqual(crio)
  })

  test('cannot make the reader search any number of directories: storage drivers are a list (SEC-94)', () => {
    const host = makeHost()
    const storage = 'home/ana/.local/share/containers/storage'
    host.write(`${storage}/mine-containers/containers.json`, `[${podmanEntry(ID, 'mine')}]`)
    expect(find(host, `${USER}/libpod-${ID}.scope`, '/home/ana')).toBeNull()
    host.write(`${storage}/zfs-containers/containers.json`, `[${podmanEntry(ID, 'mine')}]`)
    expect(find(host, `${USER}/libpod-${ID}.scope`, '/home/ana')).toMatchObject({ name: 'mine' })
  })
})

test('on a node with 500 pods each container has its own names, and looking one up reads no other', () => {
  const host = makeHost()
  const pods = Array.from({ length: 500 }, (_, i) => ({
    pod: `cart-${i}`,
    namespace: `team-${i % 20}`,
    uid: `uid-${i}`,
    container: `app-${i}`,
    image: `shop/cart:${i}`,
  }))
  pods.forEach((pod, i) => host.write(criFile(idOf(i)), criConfig(pod)))
  pods.forEach((pod, i) => {
    expect(find(host, `/kubepods/burstable/podabcdef01234${i}/${idOf(i)}`)).toEqual({
      ...NO_FACTS,
      runtime: 'containerd',
      image: pod.image,
      podName: pod.pod,
      podNamespace: pod.namespace,
      podUid: pod.uid,
      podContainer: pod.container,
    })
  })
  // All others are gone.
  const tasks = join(host.path, 'run/containerd/io.containerd.runtime.v2.task')
  renameSync(join(tasks, 'k8s.io'), join(tasks, 'gone'))
  mkdirSync(join(tasks, 'k8s.io'))
  renameSync(join(tasks, 'gone', idOf(7)), join(tasks, 'k8s.io', idOf(7)))
  renameSync(join(tasks, 'gone'), join(host.path, 'gone'))
  expect(find(host, `/kubepods/burstable/podabcdef012347/${idOf(7)}`)).toMatchObject({ podName: 'cart-7' })
  expect(find(host, `/kubepods/burstable/podabcdef012348/${idOf(8)}`)).toBeNull()
})
