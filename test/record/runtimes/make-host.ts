import { closeSync, constants, mkdirSync, openSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'

/** uapi/asm-generic/fcntl.h */
const O_PATH = 0o10000000

/** The root directory of a host that has only what a test writes into it. */
export interface Host {
  readonly path: string
  /** Descriptor of the directory */
  readonly root: number
  /** Writes a file, as JSON unless it is text. @returns its path */
  write(path: string, content: unknown): string
  makeDirectory(path: string): string
}

/** It has an etc/passwd, as `--host-root` requires. */
export function makeHost(passwd = ''): Host {
  const path = makeTemporaryDirectory()
  const root = openSync(path, O_PATH | constants.O_DIRECTORY)
  onTestFinished(() => closeSync(root))
  const makeDirectory = (name: string) => {
    mkdirSync(join(path, name), { recursive: true })
    return join(path, name)
  }
  const write = (name: string, content: unknown) => {
    makeDirectory(dirname(name))
    writeFileSync(join(path, name), typeof content === 'string' ? content : JSON.stringify(content))
    return join(path, name)
  }
  write('etc/passwd', passwd)
  return { path, root, write, makeDirectory }
}

/** A container id of 64 digits. */
export const idOf = (number: number) => `cc${number.toString(16).padStart(62, '0')}`

/** Docker's file of a container. */
export const dockerConfig = (name: string, image = 'nginx:1.27', labels: object = {}) => ({
  ID: 'unused',
  Name: `/${name}`,
  Config: { Image: image, Labels: labels },
})
export const dockerFile = (id: string) => `var/lib/docker/containers/${id}/config.v2.json`

/** The annotations of containerd's CRI. */
export const criConfig = (names: {
  pod: string
  namespace: string
  uid: string
  container: string
  image: string
}) => ({
  ociVersion: '1.1.0',
  process: { args: ['/app'] },
  annotations: {
    'io.kubernetes.cri.container-type': 'container',
    'io.kubernetes.cri.sandbox-name': names.pod,
    'io.kubernetes.cri.sandbox-namespace': names.namespace,
    'io.kubernetes.cri.sandbox-uid': names.uid,
    'io.kubernetes.cri.container-name': names.container,
    'io.kubernetes.cri.image-name': names.image,
  },
})
/** Those of the sandbox of a pod. */
export const criSandbox = (names: { pod: string; namespace: string; uid: string }) => ({
  annotations: {
    'io.kubernetes.cri.container-type': 'sandbox',
    'io.kubernetes.cri.sandbox-name': names.pod,
    'io.kubernetes.cri.sandbox-namespace': names.namespace,
    'io.kubernetes.cri.sandbox-uid': names.uid,
  },
})
export const criFile = (id: string, state = 'run') =>
  `${state}/containerd/io.containerd.runtime.v2.task/k8s.io/${id}/config.json`

/** A cached result of CNI for a container, or for the sandbox of a pod. */
export const cniResult = (id: string, ...addresses: readonly string[]) => ({
  kind: 'cniCacheV1',
  containerId: id,
  result: { cniVersion: '1.0.0', ips: addresses.map((address) => ({ address: `${address}/16` })) },
})
export const cniFile = (id: string) => `var/lib/cni/results/cbr0-${id}-eth0`

/** Of docker's file, for a container that runs and has an address. */
export const runningAt = (address: string) => ({
  State: { Running: true },
  NetworkSettings: { Networks: { bridge: { IPAddress: address } } },
})
