import { execFileSync, spawnSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { REPOSITORY } from '../support/repository.js'
import { makeTemporaryDirectory } from '../support/temporary-directory.js'

const listLibraries = (...files: string[]) =>
  spawnSync(join(REPOSITORY, 'script/list-libraries'), ['', ...files], { encoding: 'utf8' })

/** A program that needs a library of its own, and the path of that library. */
function makeProgram() {
  const directory = makeTemporaryDirectory()
  const [library, program, source] = ['libown.so', 'program', 'own.c'].map((name) => join(directory, name))
  writeFileSync(
    source as string,
    '#ifdef LIBRARY\nint own(void) { return 0; }\n#else\nint own(void);\nint main(void) { return own(); }\n#endif\n',
  )
  const compile = (...args: string[]) => execFileSync('cc', args)
  compile('-shared', '-fPIC', '-Wl,-soname,libown.so', '-DLIBRARY', '-o', library as string, source as string)
  compile('-o', program as string, source as string, library as string, `-Wl,-rpath,${directory}`)
  return { library: library as string, program: program as string }
}

test('lists the libraries of a program and the dynamic linker', () => {
  const { library, program } = makeProgram()
  const { status, stdout } = listLibraries(program)
  expect(status).toBe(0)
  expect(stdout.split('\n')).toEqual(expect.arrayContaining([library, expect.stringMatching(/\/ld-linux/)]))
})

test('a library that the dynamic linker does not find is an error', () => {
  const { library, program } = makeProgram()
  rmSync(library)
  const { status, stdout, stderr } = listLibraries(program)
  expect([status, stdout]).toEqual([1, ''])
  expect(stderr).toContain('error: not found: ')
  expect(stderr).toContain('libown.so')
})
