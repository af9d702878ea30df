import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { nodeProgram } from '../../src/base/node-program.js'

test('starts this Node.js again', () => {
  const { file, args } = nodeProgram()
  expect(execFileSync(file, [...args, '-p', 'process.version'], { encoding: 'utf8' }).trim()).toBe(process.version)
})

test('starts Node.js through the dynamic linker and libraries of the archive', () => {
  expect(nodeProgram('/opt/tcpconn/runtime/ld-linux-x86-64.so.2')).toEqual({
    file: '/opt/tcpconn/runtime/ld-linux-x86-64.so.2',
    args: ['--inhibit-cache', '--library-path', '/opt/tcpconn/runtime', '/opt/tcpconn/runtime/node'],
  })
})
