import { readFileSync } from 'node:fs'
import { TcpconnError, type ErrorText } from '../base/errors.js'
import { decodeBytes } from '../attempt/byte-text.js'

const REPLACEMENT = '\u{fffd}'

/**
 * Node.js decodes arguments as UTF-8 and replaces other bytes with U+FFFD, which would name a different file.
 * @param args the arguments after the name of the tool
 * @param commandLine all arguments of this process as in /proc/self/cmdline, each terminated by NUL
 * @throws E_USAGE for an argument with bytes that are not UTF-8
 */
export function requireUtf8(args: readonly string[], commandLine = () => readFileSync('/proc/self/cmdline')): void {
  if (!args.some((arg) => arg.includes(REPLACEMENT))) return
  const typed = commandLine().toString('latin1').split('\0').slice(0, -1).slice(-args.length)
  // The character U+FFFD itself is valid.
  const bytes = typed.map((arg) => Buffer.from(arg, 'latin1'))
  const at = bytes.findIndex((arg) => !Buffer.from(arg.toString()).equals(arg))
  if (at === -1) return
  const bad = decodeBytes(bytes[at] as Buffer)
  const isOfCommand = args[0] === 'record' && args.lastIndexOf('--', at) !== -1
  throw new TcpconnError('E_USAGE', isOfCommand ? describeCommand(bad) : describeArgument(bad))
}

function describeArgument(bad: string): ErrorText {
  return {
    what: `the argument ${bad} is not UTF-8`,
    reason: 'Node.js and SQLite accept only UTF-8 in arguments and file names',
    hint: String.raw`rename the file, or pass a path in UTF-8; write other bytes of a thread or cgroup name as in --comm 'caf\xe9'`,
  }
}

/** @param bad an argument of the command of `record -- COMMAND` */
function describeCommand(bad: string): ErrorText {
  return {
    what: `the argument ${bad} of the command after -- is not UTF-8`,
    reason: 'Node.js passes only UTF-8 arguments to a command',
    hint: String.raw`let a shell create the argument: record -- sh -c 'exec COMMAND "$(printf "caf\351")"'`,
  }
}
