import { execFile } from 'node:child_process'
import { readdirSync, statSync, truncateSync } from 'node:fs'
import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { promisify } from 'node:util'

import { afterEach, beforeEach, expect, test } from 'vitest'

import { openLocation, type ObjectStore } from '../src/index.ts'
import { bytesOf, folderPlace, list, noise, stored } from './stores.ts'

let folder: string
let store: ObjectStore
let place: Awaited<ReturnType<typeof folderPlace>>
beforeEach(async () => {
  place = await folderPlace()
  ;({ folder, store } = place)
})
afterEach(() => place.close())

test.each(['../x', 'a/../b', '..', '/etc/passwd', 'a//b', '', 'a/', '.', './a', 'a/./b', 'a\0b'])(
  'refuses the key %j, which would not name something in the folder',
  async key => {
    const object = { key, size: 0, etag: '', modified: 0 }
    const refused = { name: 'StoreError', reason: 'badKey' }
    await expect(store.write(key, noise(1))).rejects.toMatchObject(refused)
    await expect(store.head(key)).rejects.toMatchObject(refused)
    await expect(store.delete(key)).rejects.toMatchObject(refused)
    await expect(bytesOf(store.read(object))).rejects.toMatchObject(refused)
    expect(await readdir(folder)).toEqual([])
  },
)

test.each(['../', '../x', '/etc/', 'a//', 'a/../', 'a\0'])('refuses to list the prefix %j', async prefix => {
  await expect(list(store, prefix)).rejects.toMatchObject({ reason: 'badKey' })
})

test('a write that fails leaves what stood and no other file', async () => {
  await store.write('a/k', Buffer.from('old'))
  const source = `${folder}/source`
  await writeFile(source, noise(32_000_000))
  const writing = store.write('a/k', { file: source })
  const failing = expect(writing).rejects.toMatchObject({ reason: 'changed' })
  // Only once the first bytes have arrived is the source known to be open.
  const begun = () =>
    readdirSync(`${folder}/a`).some(name => name !== 'k' && statSync(`${folder}/a/${name}`).size > 0)
  while (!begun()) await new Promise(resolve => setImmediate(resolve))
  truncateSync(source, 100)
  await failing
  expect(await readdir(`${folder}/a`)).toEqual(['k'])
  expect(await readFile(`${folder}/a/k`, 'utf8')).toBe('old')
})

test('a write that is aborted on the way leaves what stood and no other file', async () => {
  await store.write('a/k', Buffer.from('old'))
  const abort = new AbortController()
  const writing = store.write('a/k', noise(8_000_000), { signal: abort.signal })
  setImmediate(() => abort.abort(new Error('enough')))
  await expect(writing).rejects.toThrow('enough')
  expect(await readdir(`${folder}/a`)).toEqual(['k'])
  expect(await readFile(`${folder}/a/k`, 'utf8')).toBe('old')
})

test('a reader sees the old content or the new one and nothing between, while it is written over', async () => {
  const versions = [noise(200_000, 1), noise(200_000, 2)] as const
  await store.write('k', versions[0])
  for (let round = 0; round < 20; round++) {
    const next = versions[(round + 1) % 2]!
    const [, ...seen] = await Promise.all([
      store.write('k', next),
      ...Array.from({ length: 8 }, () => readFile(`${folder}/k`)),
    ])
    for (const bytes of seen) expect(versions.some(version => version.equals(bytes))).toBe(true)
    expect((await readFile(`${folder}/k`)).equals(next)).toBe(true)
  }
})

test('a folder in the place of a key is an error that says so', async () => {
  await mkdir(`${folder}/k`)
  await expect(store.write('k', noise(1))).rejects.toMatchObject({ reason: 'failed' })
  expect(await store.head('k')).toBeNull()
  expect(await readdir(folder)).toEqual(['k'])
})

test('a file in the place of a folder is an error that names it', async () => {
  await store.write('k', noise(1))
  await expect(store.write('k/below', noise(1))).rejects.toThrow(`${folder}/k/below can't be written`)
})

test('follows links to files and folders, without loops, and leaves out what is neither', async () => {
  await store.write('real/x', noise(1))
  await symlink(`${folder}/real`, `${folder}/linked`)
  await symlink(`${folder}/real/x`, `${folder}/x-too`)
  await symlink('..', `${folder}/real/up`)
  await symlink('.', `${folder}/real/self`)
  await symlink('nowhere', `${folder}/broken`)
  await symlink('circle', `${folder}/circle`)
  await promisify(execFile)('mkfifo', [`${folder}/pipe`])
  expect(await list(store, '')).toEqual(['linked/x', 'real/x', 'x-too'])
  expect(await list(store, '', { delimiter: true })).toEqual(['linked/', 'real/', 'x-too'])
  expect(await list(store, 'real/', { delimiter: true })).toEqual(['real/x'])
  expect(await list(store, 'real/up/')).toEqual([])
  expect(await store.head('pipe')).toBeNull()
  expect(await bytesOf(store.read(await stored(store, 'linked/x')))).toHaveLength(1)
})

test('a folder that does not exist, or is a file, is an error that names it', async () => {
  const missing = openLocation(`${folder}/missing`).store
  await expect(list(missing, '')).rejects.toMatchObject({ reason: 'missingFolder' })
  await expect(list(missing, '')).rejects.toThrow(`the folder ${folder}/missing does not exist`)
  await expect(list(missing, 'a/')).rejects.toMatchObject({ reason: 'missingFolder' })
  await writeFile(`${folder}/file`, 'x')
  await expect(list(openLocation(`${folder}/file`).store, '')).rejects.toThrow('is not a folder')
  expect(await list(store, 'no/such/')).toEqual([])
})

test('a first write makes the folders above it', async () => {
  const { store: fresh } = openLocation(`${folder}/not/yet`)
  await fresh.write('a/b/c', Buffer.from('x'))
  expect(await list(fresh, '')).toEqual(['a/b/c'])
  expect((await stat(`${folder}/not/yet/a/b/c`)).size).toBe(1)
})

test.skipIf(process.getuid?.() === 0)('a file that may not be read is an error that names it', async () => {
  await store.write('a/k', noise(1))
  await chmod(`${folder}/a/k`, 0)
  await expect(list(store, '')).rejects.toMatchObject({ reason: 'refused' })
  await expect(list(store, '')).rejects.toThrow(`${folder}/a/k`)
})

test('the etag sees the size and both ends of a file, wherever the edit is within 4 KiB of one', async () => {
  for (const size of [1, 100, 4096, 5000, 8192, 20_000]) {
    const bytes = noise(size)
    await store.write('k', bytes)
    const { etag } = await stored(store, 'k')
    for (const at of [0, Math.min(4095, size - 1), Math.max(0, size - 4096), size - 1]) {
      const edited = Buffer.from(bytes)
      edited[at]! ^= 1
      await store.write('k', edited)
      expect((await stored(store, 'k')).etag).not.toBe(etag)
    }
  }
})

test('a run over folders does not load the AWS SDK', async () => {
  await store.write('a/k', noise(1))
  const index = new URL('../src/index.ts', import.meta.url).href
  const script = `
    import { registerHooks } from 'node:module'
    const loaded = []
    registerHooks({ resolve(name, context, next) { loaded.push(name); return next(name, context) } })
    const { openLocation } = await import(${JSON.stringify(index)})
    for await (const entry of openLocation(${JSON.stringify(folder)}).store.list('')) console.log(entry.object.key)
    openLocation('s3://bucket/prefix')
    console.log(loaded.length > 10, loaded.filter(name => /aws|smithy/.test(name)).length)`
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script])
  expect(stdout).toBe('a/k\ntrue 0\n')
})
