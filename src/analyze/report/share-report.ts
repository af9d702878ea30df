import { TOOL_VERSION } from '../../base/package.js'
import type { RawScope } from '../options/select-scope.js'
import { COMPARED_FILES } from '../queries/diff/compared-files.js'
import type { RawTreatment } from '../share/fields.js'
import { withSharedTrace } from '../share/share-temporarily.js'
import { collectReport } from './collect-report.js'
import type { ReportData } from './report-data.js'

/** Without the time at which it was made: that of the recording is shifted. */
const made = (level = 'default') =>
  `Made by tcpconn ${TOOL_VERSION}. Pseudonymised, level ${level}: tokens stand for names, addresses are encrypted, times are shifted.`
const SELECTION = 'by options that are not shown'

/**
 * The report of shared traces, which are removed again: with pseudonyms, the same in both of two.
 * @param secret the key of the pseudonyms
 * @throws as `withSharedTrace` and `collectReport`
 */
export async function collectSharedReport(
  files: readonly string[],
  raw: RawScope & RawTreatment,
  secret: Buffer,
): Promise<ReportData> {
  const paths = COMPARED_FILES.paths(files)
  const share = <T>(i: number, body: (path: string) => T | Promise<T>) => {
    const [typed, path] = [files[i] as string, paths[i] as string]
    // `FILE@2`
    const session = typed === path ? {} : { session: typed.slice(path.length + 1) }
    return withSharedTrace([path], { ...raw, ...session, secret }, body)
  }
  const shared = await share(0, (first) => {
    if (files.length === 1) return collectReport([`${first}@all`], {})
    return share(1, (second) => collectReport([`${first}@all`, `${second}@all`], {}))
  })
  return hideSources(shared, made(raw.level))
}

/** Names of files and values of options are those of the original. */
function hideSources(data: ReportData, by: string): ReportData {
  const sides = data.sides.map((side, i) => ({
    ...side,
    name: `shared trace ${i + 1}`,
    facts: side.facts.map(({ title, lines }) => ({
      title,
      lines: lines.map(([label, text]) => [label, label === 'selected' ? SELECTION : text] as const),
    })),
  }))
  return { ...data, made: `${by} This file needs no network.`, sides }
}
