import type { User } from '../host/user-names.js'
import type { ContainerFacts } from '../runtimes/container-facts.js'

/** Descriptors that the reader gets: the ring `new_cgroups`, the host's root directory, and if it is visible that of its cgroups. */
export const READER_FD = { ring: 3, root: 4, cgroups: 5 } as const
/** max_entries of `new_cgroups` in bpf/metadata.h */
export const NEW_CGROUPS_BYTES = 512 * 1024

/** Argument of the reader, as JSON. */
export interface ReaderAccount {
  /** The account that it becomes, `null` without sudo */
  readonly user: User | null
  /** Whether it waits for its first line before it reads anything */
  readonly isSpare: boolean
  /** Whether it gets the root of the host's cgroups */
  readonly hasCgroups: boolean
}

/** A line to the reader: the path of a cgroup; or a number, which it returns after all earlier answers. */
export type ReaderRequest = string | number

/**
 * A line of the reader: what it found of the container with this `containerKey`; whose addresses changed; a container in
 * which others run; a file with addresses that is too large; or a number.
 */
export type ReaderAnswer =
  | { readonly key: string; readonly facts: ContainerFacts }
  | { readonly addresses: AddressReport }
  | { readonly nested: string }
  | { readonly tooLarge: string }
  | { readonly done: number }

/** Addresses of containers, as the files of runtimes have them. Times are CLOCK_MONOTONIC ns, in decimal. */
export interface AddressReport {
  /** All addresses that were known, but for `freed`, were still there */
  readonly checkedNs: string
  /** From when on those in `owned` are known */
  readonly sinceNs: string
  readonly owned: readonly (readonly [address: string, key: string, cgroup: string])[]
  /** Known until the last report */
  readonly freed: readonly string[]
}

/** `hung`: it did not answer, and was killed. */
export type ReaderState = 'running' | 'ended' | 'hung'

/** How the reader fares. */
export interface ReaderHealth {
  readonly state: ReaderState
  /** Whether it stopped to check addresses at least once, for longer than the limit */
  readonly wasSilent: boolean
  /** Paths of files with addresses that are too large */
  readonly tooLarge: readonly string[]
}

/** Nothing is missing. */
export const HEALTHY: ReaderHealth = { state: 'running', wasSilent: false, tooLarge: [] }
