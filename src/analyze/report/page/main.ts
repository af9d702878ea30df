import type { ReportData, ReportSide, ReportTable } from '../report-data.js'
import { element, foldable } from './element.js'
import { showDistribution } from './show-distribution.js'
import { showHeatmap } from './show-heatmap.js'
import { showTable, type RowChoice, type ShownTable } from './show-table.js'
import { showTimeline } from './show-timeline.js'
import { createViewState, type Stretch, type ViewState } from './view-state.js'

const data = JSON.parse(document.getElementById('data')?.textContent ?? '') as ReportData
show(data)

function show(report: ReportData): void {
  const state = createViewState(report.sides.map(wholeTime))
  const [first] = report.sides as [ReportSide]
  const sections: (readonly [id: string, title: string, content: (side: ReportSide, number: number) => Node])[] = [
    ['recorded', 'What was recorded', showRecorded],
    ['timeline', 'Timeline', (_, number) => showTimeline(report, number, state)],
    ['heatmap', 'Latency heatmap', (_, number) => showHeatmap(report, number, state)],
    ['distribution', 'Latency distribution', (_, number) => showDistribution(report, number, state)],
    ...first.tables.map(({ id, title }): (typeof sections)[number] => [
      id,
      title,
      (side) => showSection(side, id, state),
    ]),
  ]
  const shown = sections.map(([id, title, content]) => {
    const sides = report.sides.map((side, number) => {
      const name =
        report.sides.length > 1 ? [element('h3', {}, `${number === 0 ? 'Before' : 'After'}: ${side.name}`)] : []
      return element('div', { class: 'side' }, ...name, content(side, number))
    })
    const chosen = ['timeline', 'distribution', 'endpoints'].includes(id) ? [showChosen(state, id)] : []
    return element('section', { id }, element('h2', {}, title), ...chosen, element('div', { class: 'sides' }, ...sides))
  })
  if (report.changes !== null) {
    const content = [showTable(report.changes, 'Changes').node, showNotes(report.changes.notes)]
    shown.splice(1, 0, element('section', { id: 'changes' }, element('h2', {}, report.changes.title), ...content))
  }
  const links = shown.map((section) =>
    element('a', { href: `#${section.id}` }, section.querySelector('h2')?.textContent ?? ''),
  )
  document.body.append(
    element(
      'header',
      {},
      element('h1', {}, report.title),
      element('p', { class: 'note' }, report.made),
      element('nav', { 'aria-label': 'Sections' }, ...links),
    ),
    element('main', {}, ...shown),
  )
}

function wholeTime({ times: { starts, lengths } }: ReportSide): Stretch {
  const [first, last] = [starts[0] ?? 0, starts.at(-1) ?? 0]
  return [first, last + Math.max(1, lengths.at(-1) ?? 1)]
}

function showRecorded(side: ReportSide): Node {
  const figures = side.figures.map(([label, text]) =>
    element('div', {}, element('dt', {}, label), element('dd', {}, text)),
  )
  const facts = side.facts.map(({ title, lines }) =>
    foldable(
      title,
      element(
        'dl',
        { class: 'facts' },
        ...lines.flatMap(([label, text]) => [element('dt', {}, label), element('dd', {}, text)]),
      ),
    ),
  )
  return element(
    'div',
    {},
    ...side.warnings.map((warning) => element('p', { class: 'warning' }, warning)),
    element('dl', { class: 'figures' }, ...figures),
    showNotes(side.notes),
    ...facts,
  )
}

/** Which endpoint is shown, where, and the way back to all of them. */
function showChosen(state: ViewState, section: string): HTMLElement {
  const line = element('p', { 'aria-live': 'polite', class: 'selection' })
  const link = (id: string) => element('a', { href: `#${id}` }, id)
  const draw = () => {
    const { endpoint } = state
    const isTable = section === 'endpoints'
    const all = isTable
      ? ['Choose an endpoint to see its ', link('timeline'), ' and its ', link('distribution'), '.']
      : ['All endpoints. Choose one among the ', link('endpoints'), ' to see it alone.']
    const clear = () => state.chooseEndpoint(null)
    const one = [
      isTable ? 'The ' : 'Only ',
      ...(isTable ? [link('timeline'), ' and the ', link('distribution'), ' are those of '] : []),
      element('strong', {}, endpoint ?? ''),
      ' ',
      element('button', { type: 'button', onclick: clear }, 'Show all endpoints'),
    ]
    line.replaceChildren(...(endpoint === null ? all : one))
  }
  state.onChange(draw)
  draw()
  return line
}

function showSection(side: ReportSide, id: string, state: ViewState): Node {
  const table = side.tables.find((one) => one.id === id) as ReportTable
  const shown: ShownTable = showTable(
    table,
    `${table.title} of ${side.name}`,
    id === 'endpoints' ? choiceOf(side, state) : null,
  )
  if (id === 'endpoints') state.onChange(shown.redraw)
  return element('div', {}, shown.node, showNotes(table.notes))
}

/** A click chooses an endpoint, the next one all of them again. */
function choiceOf({ endpoints }: ReportSide, state: ViewState): RowChoice {
  const nameOf = (position: number) => endpoints[position]?.name ?? ''
  return {
    nameOf,
    isChosen: (position) => nameOf(position) === state.endpoint,
    choose: (position) => state.chooseEndpoint(nameOf(position) === state.endpoint ? null : nameOf(position)),
  }
}

function showNotes(notes: readonly string[]): HTMLElement {
  return element('ul', { class: 'notes' }, ...notes.map((note) => element('li', {}, note)))
}
