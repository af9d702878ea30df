/** Collects the values of a repeatable option with an optional value; the parser passes `true` without one. */
export interface ValueList {
  /** Adds one value. */
  add(value: string): readonly string[]
  /** The result: the values, `true` if no value was given, `undefined` if the option is absent. */
  chosen(raw: unknown): readonly string[] | true | undefined
}

export function createValueList(): ValueList {
  const values: string[] = []
  return {
    add: (value) => {
      values.push(value)
      return values
    },
    chosen: (raw) => (values.length > 0 ? values : raw === undefined ? undefined : true),
  }
}
