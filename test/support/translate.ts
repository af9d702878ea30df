import { execFileSync } from 'node:child_process'
import type { NetworkNamespace } from './network-namespace.js'

/** The address and ports of Docker's resolver, in a container in a user-defined network. */
export const DOCKER_RESOLVER = { address: '127.0.0.11', port: 34_567 } as const

/**
 * An address that is translated to another one, in the format of nftables: `10.77.0.53` or `[fd77::53]`, with a port.
 */
interface Translation {
  readonly from: string
  readonly to: string
}

/** Translates the destination of UDP packets of the namespace. The rules disappear with the namespace. */
export function translateUdp(namespace: NetworkNamespace, translations: readonly Translation[]): void {
  translate(namespace, 'udp', translations)
}

/** Translates the destination of TCP segments of the namespace. The rules disappear with the namespace. */
export function translateTcp(namespace: NetworkNamespace, translations: readonly Translation[]): void {
  translate(namespace, 'tcp', translations)
}

function translate({ exec }: NetworkNamespace, protocol: 'udp' | 'tcp', translations: readonly Translation[]): void {
  const rules = translations.map(({ from, to }) => {
    const [, address, port] = /^\[?([^\]]+?)\]?:(\d+)$/.exec(from) ?? []
    const version = address?.includes(':') ? 'ip6' : 'ip'
    return `${version} daddr ${address} ${protocol} dport ${port} dnat ${version} to ${to}`
  })
  loadRules(exec, `chain output { type nat hook output priority -100; ${rules.join('; ')}; }`)
}

/** Docker's rules for its resolver, which listens at `DOCKER_RESOLVER`. */
export function translateDocker({ exec }: NetworkNamespace): void {
  const { address, port } = DOCKER_RESOLVER
  loadRules(
    exec,
    `chain output { type nat hook output priority -100; ip daddr ${address} udp dport 53 dnat ip to ${address}:${port}; }
     chain postrouting { type nat hook postrouting priority 100; ip saddr ${address} udp sport ${port} snat ip to ${address}:53; }`,
  )
}

/** Loads chains of nftables, for IPv4 and IPv6. They disappear with the namespace. */
export function loadChains({ exec }: NetworkNamespace, chains: string): void {
  loadRules(exec, chains)
}

function loadRules(exec: readonly string[], chains: string): void {
  const [program = '', ...args] = [...exec, 'nft', '-f', '-']
  execFileSync(program, args, { input: `table inet translated {\n${chains}\n}\n` })
}
