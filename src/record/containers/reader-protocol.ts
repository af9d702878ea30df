import type { User } from '../host/user-names.js'
import type { ContainerFacts } from '../runtimes/container-facts.js'

/** Descriptors that the reader gets: the ring `new_cgroups`, and the host's root directory. */
export const READER_FD = { ring: 3, root: 4 } as const
/** max_entries of `new_cgroups` in bpf/metadata.h */
export const NEW_CGROUPS_BYTES = 512 * 1024

/** The account that the reader becomes, `null` without sudo. Its argument, as JSON. */
export type ReaderAccount = User | null

/** A line to the reader: the path of a cgroup; or a number, which it returns after all earlier answers. */
export type ReaderRequest = string | number

/** A line of the reader: what it found of the container with this `containerKey`; or a number. */
export type ReaderAnswer = { readonly key: string; readonly facts: ContainerFacts } | { readonly done: number }

/** `hung`: it did not answer, and was killed. */
export type ReaderState = 'running' | 'ended' | 'hung'
