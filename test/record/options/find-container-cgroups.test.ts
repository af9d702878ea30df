import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { UsageError } from '../../../src/base/errors.js'
import type { RawFilters } from '../../../src/options/filters.js'
import { findContainerCgroups } from '../../../src/record/options/find-container-cgroups.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'
import { criConfig, criFile, dockerConfig, dockerFile, idOf, makeHost } from '../runtimes/make-host.js'

const DOCKER_ID = '0123456789abcdef'.repeat(4)
const UID = '0b9f2f3e-1111-2222-3333-444455556666'

/** A pod with two containers, a docker container with a cgroup below its own, a machine, and a service. */
function createScene() {
  const host = makeHost()
  const tree = makeTemporaryDirectory()
  const pod = `kubepods/burstable/pod${UID}`
  const paths = [
    `${pod}/${idOf(1)}`,
    `${pod}/${idOf(2)}`,
    `docker/${DOCKER_ID}/init.scope`,
    'lxc.payload.db',
    'x.service',
  ]
  for (const path of paths) mkdirSync(join(tree, path), { recursive: true })
  const cart = { pod: 'cart-0', namespace: 'shop', uid: UID, image: 'shop/cart:1' }
  host.write(criFile(idOf(1)), criConfig({ ...cart, container: 'app' }))
  host.write(criFile(idOf(2)), criConfig({ ...cart, container: 'proxy' }))
  host.write(dockerFile(DOCKER_ID), dockerConfig('web'))
  const find = (raw: RawFilters) =>
    findContainerCgroups(raw, { root: host.path, cgroups: { path: tree, isWhole: true } })
  return { at: (path: string) => join(tree, path), pod, find }
}

test('finds a container by its name, full id or short id, and a machine by its name', () => {
  const { at, pod, find } = createScene()
  const docker = at(`docker/${DOCKER_ID}`)
  for (const text of ['web', DOCKER_ID, DOCKER_ID.slice(0, 12)]) expect(find({ container: [text] })).toEqual([docker])
  expect(find({ container: ['app'] })).toEqual([at(`${pod}/${idOf(1)}`)])
  expect(find({ container: ['db', 'web'] })).toEqual([at('lxc.payload.db'), docker])
})

test('finds the containers of a pod, and of a namespace', () => {
  const { at, pod, find } = createScene()
  const both = [idOf(1), idOf(2)].map((id) => at(`${pod}/${id}`))
  expect(find({ pod: ['shop/cart-0'] }).toSorted()).toEqual(both)
  expect(find({ namespace: ['shop'], pod: ['shop/cart-0'], container: ['app', 'proxy'] }).toSorted()).toEqual(both)
  expect(find({})).toEqual([])
})

test('a container must match all options, as in analyze', () => {
  const { at, pod, find } = createScene()
  expect(find({ namespace: ['shop'], container: ['app', 'web'] })).toEqual([at(`${pod}/${idOf(1)}`)])
  expect(() => find({ namespace: ['shop'], container: ['web'] })).toThrow(/--container and --namespace/)
})

test('reports how to make the host visible if it is not', () => {
  const path = makeTemporaryDirectory()
  const find = (root: string | null, isWhole: boolean) => () =>
    findContainerCgroups({ container: ['web'] }, { root, cgroups: { path, isWhole } })
  const accepted = (call: () => unknown) => {
    try {
      return call()
    } catch (error) {
      return String((error as UsageError).hint) + String((error as UsageError).reason) + String(error)
    }
  }
  expect(accepted(find(null, true))).toContain('--host-root')
  expect(accepted(find(path, false))).toContain('tcpconn doctor')
  expect(accepted(find(path, true))).toContain('0 containers run')
})

test('refuses containers that do not run, and a pod without a namespace', () => {
  const { find } = createScene()
  for (const raw of [{ container: ['gone'] }, { pod: ['shop/gone'] }, { namespace: ['gone'] }, { pod: ['cart-0'] }])
    expect(() => find(raw)).toThrow(UsageError)
  expect(() => find({ container: ['web', 'gone'] })).toThrow(/gone/)
  expect(() => findContainerCgroups({ container: ['web'] }, { root: null, cgroups: null })).toThrow(UsageError)
})
