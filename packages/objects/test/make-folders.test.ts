import { existsSync } from 'node:fs'
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect, onTestFinished, test } from 'vitest'
import { makeFolders } from '../src/make-folders.ts'

async function folder(): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'zonetoll-folders-'))
  onTestFinished(() => rm(root, { recursive: true }))
  return root
}

test('the topmost folder that was made is told, and nothing where all were there', async () => {
  const root = await folder()
  expect(await makeFolders(join(root, 'a/b/c'))).toBe(join(root, 'a'))
  expect((await stat(join(root, 'a/b/c'))).isDirectory()).toBe(true)
  expect(await makeFolders(join(root, 'a/b/d'))).toBe(join(root, 'a/b/d'))
  expect(await makeFolders(join(root, 'a/b/c'))).toBeUndefined()
})

test('many at a time make the same folders', async () => {
  const root = await folder()
  await Promise.all(Array.from({ length: 20 }, () => makeFolders(join(root, 'a/b/c/d'))))
  expect((await stat(join(root, 'a/b/c/d'))).isDirectory()).toBe(true)
})

test('a file where a folder should be is an error', async () => {
  const root = await folder()
  await writeFile(join(root, 'file'), '')
  await expect(makeFolders(join(root, 'file/below'))).rejects.toThrow('ENOTDIR')
})

test.runIf(existsSync('/proc/self'))('a file system that takes no folder ends it', async () => {
  await expect(makeFolders('/proc/zonetoll/below')).rejects.toThrow('ENOENT')
})
