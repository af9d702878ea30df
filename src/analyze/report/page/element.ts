/** Attributes and handlers (`onclick`) of a new element. `undefined` leaves one out. */
export type ElementAttributes = Readonly<Record<string, string | number | undefined | ((event: Event) => void)>>

/**
 * Makes an element. Texts become text nodes: whatever names a trace holds, none of them is read as HTML.
 * @param children elements, or texts
 */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: ElementAttributes = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined) continue
    if (typeof value === 'function') made.addEventListener(name.replace(/^on/, ''), value)
    else made.setAttribute(name, String(value))
  }
  made.append(...children)
  return made
}

/** What can be opened, closed at first. */
export function foldable(title: string, ...children: readonly Node[]): HTMLDetailsElement {
  return element('details', {}, element('summary', {}, title), ...children)
}
