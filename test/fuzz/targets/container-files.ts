import * as fc from 'fast-check'
import type { ContainerFacts } from '../../../src/record/runtimes/container-facts.js'
import { findPodmanContainer, readDockerConfig, readOciConfig } from '../../../src/record/runtimes/runtime-files.js'
import { bytesOf, require, textOf, type FuzzTarget } from '../fuzz-target.js'

const ID = '0123456789abcdef'.repeat(4)
const SEEDS = [
  '{"Name":"/web","Config":{"Image":"nginx:1","Labels":{"io.kubernetes.pod.name":"cart-0"}}}',
  '{"annotations":{"io.kubernetes.cri.container-type":"container","io.kubernetes.cri.sandbox-name":"cart-0"}}',
  '{"annotations":{"io.kubernetes.cri-o.ContainerType":"sandbox","io.kubernetes.cri-o.ImageName":"cart:1"}}',
  `[{"id":"${ID}","names":["web"],"metadata":"{\\"image-name\\":\\"nginx\\"}"}]`,
]

/** Files of container runtimes, which users and pods write. */
export function createContainerFiles(): FuzzTarget {
  return {
    name: 'container-files',
    seeds: bytesOf(SEEDS),
    take(input) {
      const text = textOf(input)
      for (const facts of [readDockerConfig(text), readOciConfig(text), findPodmanContainer(text, ID)])
        requireNames(facts)
    },
    property: fc.property(fc.string({ unit: 'grapheme', maxLength: 40 }), fc.string(), (name, image) => {
      const isUsable = (text: string) => text !== '' && !/[\p{Cc}\p{Cs}]/u.test(text)
      const docker = readDockerConfig(JSON.stringify({ Name: `/${name}`, Config: { Image: image } }))
      require(docker.name === (isUsable(name) ? name : null), () => `${JSON.stringify(name)} became ${docker.name}`)
      const entries = [
        { id: 'other', names: ['x'] },
        { id: ID, names: [name], metadata: JSON.stringify({ 'image-name': image }) },
      ]
      const podman = findPodmanContainer(JSON.stringify(entries), ID)
      require(podman?.image === (isUsable(image) ? image : null), () =>
        `${JSON.stringify(image)} became ${podman?.image}`)
    }),
  }
}

function requireNames(facts: ContainerFacts | null): void {
  for (const [name, text] of Object.entries(facts ?? {})) {
    const isName = text === null || (typeof text === 'string' && text.length > 0 && text.length <= 512)
    require(isName && !/[\p{Cc}\p{Cs}]/u.test(text ?? ''), () => `${name} is ${JSON.stringify(text)}`)
  }
}
