import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { CATALOGUE } from '../../../src/analyze/queries/catalogue.js'
import { EXPORT_FORMATS } from '../../../src/analyze/export/export-formats.js'
import { DIMENSION_NAMES } from '../../../src/analyze/group/dimensions.js'
import { FORMAT_NAMES } from '../../../src/analyze/result/format.js'
import { OUTCOMES } from '../../../src/attempt/outcome.js'
import { expectError } from '../../support/error-lines.js'
import { run } from '../../support/process.js'
import { REPOSITORY } from '../../support/repository.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'
import { runTool } from '../../support/tool.js'
import { describeTool, printUsage } from './describe-tool.js'

process.env.XDG_CONFIG_HOME = '/dev/null'
const COMMANDS = await describeTool()
const SHELLS = ['bash', 'zsh', 'fish'] as const
type Shell = (typeof SHELLS)[number]

const FILES = { bash: 'tcpconn.bash', zsh: '_tcpconn', fish: 'tcpconn.fish' }
const NAMES = [...CATALOGUE.map(({ name }) => name), 'sql']

/** A directory with the shell's script, and two files to complete. */
async function prepare(shell: Shell): Promise<string> {
  const directory = makeTemporaryDirectory()
  writeFileSync(join(directory, FILES[shell]), await printUsage('completion', shell))
  mkdirSync(join(directory, 'traces'))
  for (const name of ['one.db', 'two words.db']) writeFileSync(join(directory, 'traces', name), '')
  return directory
}

/** What each line may go on with, from one process of the shell. */
async function completeLines(shell: 'bash' | 'fish', lines: readonly string[]): Promise<string[][]> {
  const cwd = await prepare(shell)
  const script = shell === 'bash' ? scriptBash(lines) : scriptFish(lines)
  const command = shell === 'bash' ? ['bash', '--norc', '-c', script] : ['fish', '--no-config', '-c', script]
  const { status, stdout, stderr } = await run(command, { cwd, env: { HOME: cwd } })
  expect([status, stderr]).toEqual([0, ''])
  const answers = stdout.split('\0').slice(0, -1)
  return answers.map((answer) =>
    answer
      .split('\n')
      .filter(Boolean)
      .map((line) => line.split('\t')[0] as string),
  )
}

/** Words as readline hands them over, where = and : are words of their own. */
function scriptBash(lines: readonly string[]): string {
  const calls = lines.map((line) => {
    const words = line.split(/ |(=|:+)/).filter((word) => word !== undefined && (word !== '' || line.endsWith(' ')))
    if (/[ =]$/.test(line) && words.at(-1) !== '' && words.at(-1) !== '=') words.push('')
    return `COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _tcpconn; tell`
  })
  return [`. ./${FILES.bash}`, `tell() { printf '%s\\n' "\${COMPREPLY[@]}"; printf '\\0'; }`, ...calls].join('\n')
}

function scriptFish(lines: readonly string[]): string {
  return [`source ${FILES.fish}`, ...lines.map((line) => `complete -C '${line}'; printf '\\0'`)].join('\n')
}

/** What stands on the terminal after a tab. */
async function completeInZsh(line: string): Promise<string> {
  const cwd = await prepare('zsh')
  const script = join(REPOSITORY, 'test/support/complete.zsh')
  const { status, stdout, stderr } = await run(['zsh', '-f', script, `./${FILES.zsh}`, line], { cwd })
  expect([status, stderr]).toEqual([0, ''])
  return stdout
}

const CASES: Array<[line: string, words: readonly string[]]> = [
  ['tcpconn rec', ['record']],
  ['tcpconn analyze ', NAMES],
  ['tcpconn analyze latency --format ', FORMAT_NAMES],
  ['tcpconn export --format ', EXPORT_FORMATS],
  ['tcpconn record --outcome ', ['failed', ...OUTCOMES]],
  ['tcpconn record --outcome refused,ti', ['refused,timed_out']],
  ['tcpconn analyze latency --outcome failed,est', ['failed,established']],
  ['tcpconn analyze latency --by ', DIMENSION_NAMES.split(', ')],
  ['tcpconn analyze by-process --by host,com', ['host,comm']],
  ['tcpconn analyze top-endpoints --by ', ['endpoint', 'dns', 'host']],
  ['tcpconn analyze failures --by ', ['host']],
  ['tcpconn analyze latency --since 12:', []],
  ['tcpconn analyze latency --since 12:3', []],
  ['tcpconn record --dst fe80::t', []],
  ['tcpconn completion ', SHELLS],
  ['tcpconn record --duration ', []],
  ['tcpconn record -- mktem', ['mktemp']],
  ['tcpconn doctor ', []],
  ['tcpconnect --tim', ['--timestamp']],
  ['tcpconnlat ', []],
]

describe.each(['bash', 'fish'] as const)('%s', (shell) => {
  test('offers every option of every command, and every command', async () => {
    const paths = COMMANDS.map(({ path }) => path.join(' '))
    const options = await completeLines(
      shell,
      paths.map((path) => `${path} --`),
    )
    for (const [i, command] of COMMANDS.entries()) {
      const expected = command.options.map(({ long }) => long)
      // fish offers an option with an optional value with its = too.
      const found = new Set(options[i]?.filter((word) => word.startsWith('--')).map((word) => word.replace(/=$/, '')))
      expect([...found].toSorted(), paths[i]).toEqual(expected.toSorted())
    }
    const below = COMMANDS.filter(({ commands }) => commands.length > 0)
    const words = await completeLines(
      shell,
      below.map(({ path }) => `${path.join(' ')} `),
    )
    for (const [i, { commands, path }] of below.entries()) {
      const names = commands.map((command) => command.path.at(-1))
      expect(words[i]?.toSorted(), path.join(' ')).toEqual(names.toSorted())
    }
  })

  test.each(CASES)('completes %j', async (line, words) => {
    const [found] = await completeLines(shell, [line])
    expect([...new Set(found)].toSorted()).toEqual(words.toSorted())
  })

  test('completes names of files, as arguments and behind options', async () => {
    const lines = [
      'tcpconn info',
      'tcpconn analyze latency',
      'tcpconn export -o',
      'tcpconn record --cgroup',
      'tcpconn replay',
      'tcpconn top',
      'tcpconn record -- cat',
      'tcpconnect -C',
    ]
    const found = await completeLines(
      shell,
      lines.map((line) => `${line} traces/o`),
    )
    expect(found.map((words) => words.join(' '))).toEqual(lines.map(() => 'traces/one.db'))
  })
})

test('the sources of names are completed behind the = of --dns, and nowhere else', async () => {
  for (const command of ['record', 'live', 'top']) {
    const lines = [`tcpconn ${command} --dns=`, `tcpconn ${command} --dns=l`]
    expect(await completeLines('bash', lines)).toEqual([['udp', 'libc'], ['libc']])
    expect(await completeLines('fish', lines)).toEqual([['--dns=libc', '--dns=udp'], ['--dns=libc']])
    expect(await completeInZsh(`tcpconn ${command} --dns=l`)).toContain('--dns=libc')
  }
  // There it would be the FILE.
  const lines = ['tcpconn record --dns ', 'tcpconn record --dns ud', 'tcpconn live -d u', 'tcpconn replay --dns=u']
  expect((await completeLines('bash', lines)).flat()).not.toContain('udp')
  expect((await completeLines('fish', lines)).flat().join(' ')).not.toContain('udp')
  for (const line of lines.slice(1)) expect(await completeInZsh(line)).not.toContain('udp')
})

test('no files are offered behind the = of a value that nobody knows', async () => {
  const lines = ['tcpconn replay --latency=', 'tcpconn info --nonsense=t']
  for (const shell of ['bash', 'fish'] as const) expect(await completeLines(shell, lines), shell).toEqual([[], []])
})

test('bash completes what stands behind the = of an option, and names with blanks', async () => {
  const lines = ['tcpconn export --format=', 'tcpconn export --format=j', 'tcpconn info traces/tw']
  expect(await completeLines('bash', lines)).toEqual([[...EXPORT_FORMATS], ['jsonl'], ['traces/two words.db']])
})

describe('zsh', () => {
  test('knows every option of every command', async () => {
    const script = await printUsage('completion', 'zsh')
    for (const { path, options } of COMMANDS) {
      const name = `\n__${path.join('_').replaceAll('-', '_')}() {\n`
      const [, body = ''] = script.split(name)
      const [text = ''] = body.split('\n}\n')
      const missing = options.filter(({ long }) => !new RegExp(`['*{,]${long}[=['}]`).test(text))
      expect(
        missing.map(({ long }) => long),
        path.join(' '),
      ).toEqual([])
    }
  })

  test.each(CASES)('completes %j', async (line, words) => {
    const shown = await completeInZsh(line)
    for (const word of words) expect(shown).toContain(word)
    if (words.length === 0) expect(shown.split(line)[1]).not.toMatch(/traces|--/)
  })

  test('completes names of files', async () => {
    expect(await completeInZsh('tcpconn info traces/o')).toContain('traces/one.db')
    expect(await completeInZsh('tcpconn export -o traces/o')).toContain('traces/one.db')
  })
})

test.each(SHELLS)('the script for %s has no mistakes of syntax, and is the one in the package', async (shell) => {
  const cwd = await prepare(shell)
  expect(await run([shell, '-n', FILES[shell]], { cwd })).toMatchObject({ status: 0, stderr: '' })
  const built = readFileSync(join(REPOSITORY, 'dist/completions', FILES[shell]), 'utf8')
  expect(built).toBe(readFileSync(join(cwd, FILES[shell]), 'utf8'))
})

test("the user's own queries are completed too", async () => {
  const config = makeTemporaryDirectory()
  mkdirSync(join(config, 'tcpconn/queries'), { recursive: true })
  writeFileSync(
    join(config, 'tcpconn/queries/mine.sql'),
    "-- it's [mine]: $(a) `b` \\\nSELECT :since_when FROM connects",
  )
  for (const shell of SHELLS) {
    const { stdout } = await runTool(['completion', shell], { env: { XDG_CONFIG_HOME: config } })
    expect(stdout).toContain('since_when')
    const file = join(config, FILES[shell])
    writeFileSync(file, stdout)
    expect(await run([shell, '-n', file])).toMatchObject({ status: 0, stderr: '' })
  }
})

test('other shells are refused', async () => {
  const result = await runTool(['completion', 'fsh'])
  expectError(result, 'E_USAGE', 2)
  expect(result.stderr).toMatch(/SHELL takes bash, zsh, fish|did you mean fish/)
})
