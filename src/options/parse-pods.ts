import { UsageError } from '../base/errors.js'

/** A pod of Kubernetes. */
export interface Pod {
  readonly namespace: string
  readonly name: string
}

/** Values of `--pod`. @throws UsageError for a pod without a namespace */
export function parsePods(texts: readonly string[]): Pod[] {
  return texts.map((text) => {
    const [, namespace, name] = /^([^/]+)\/([^/]+)$/.exec(text) ?? []
    if (namespace !== undefined && name !== undefined) return { namespace, name }
    throw new UsageError('--pod', text, 'a namespace and the name of a pod, like shop/cart-0')
  })
}
