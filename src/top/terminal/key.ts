/** A key of the terminal, named as by readline. */
export interface Key {
  readonly name: string
  /** Text that it types; empty: none */
  readonly text: string
  readonly isCtrl: boolean
}
