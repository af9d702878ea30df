/** Values of a repeatable option that may stand without one too, where the parser hands over `true`. */
export interface ValueList {
  /** For each value. */
  add(value: string): readonly string[]
  /** What was given in all: the values, `true` without any, `undefined` when the option is not there. */
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
