import { execFileSync } from 'node:child_process'
import type { NetworkNamespace } from './network-namespace.js'

/** Of Docker's resolver, in a container of a network of Docker's own. */
export const DOCKER_RESOLVER = { address: '127.0.0.11', port: 34_567 } as const

/** One address that stands for another one, as in nftables: `10.77.0.53` or `[fd77::53]`, with a port. */
interface Translation {
  readonly from: string
  readonly to: string
}

/** Sends packets of UDP of the namespace elsewhere. The rules are gone with it. */
export function translateUdp(namespace: NetworkNamespace, translations: readonly Translation[]): void {
  translate(namespace, 'udp', translations)
}

/** Sends segments of TCP of the namespace elsewhere. The rules are gone with it. */
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

/** Loads chains of nftables, for IPv4 and IPv6. They are gone with the namespace. */
export function loadChains({ exec }: NetworkNamespace, chains: string): void {
  loadRules(exec, chains)
}

function loadRules(exec: readonly string[], chains: string): void {
  const [program = '', ...args] = [...exec, 'nft', '-f', '-']
  execFileSync(program, args, { input: `table inet translated {\n${chains}\n}\n` })
}
