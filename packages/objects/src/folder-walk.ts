// The names below a folder in the order of keys.
//
// Within a folder the names are sorted with a '/' behind each folder's: that is where its keys stand among the others
// ('a-b' < 'a/x' < 'a.c' is wrong, 'a-b' < 'a.c' < 'a/x' is right). Then depth first is the order of keys.
//
// Symbolic links are followed, as `aws s3` does. One that leads to a folder it lies in would have no end: it is left
// out, and so are links that lead nowhere, and whatever is neither file nor folder (reading a pipe would wait for ever).
// Names that aren't UTF-8 can't be keys and are left out.

import { readdir, stat } from 'node:fs/promises'

import { compareKeys } from './key-order.ts'

/** A key, or with folding a prefix that ends in '/'. */
export interface Name {
  readonly key: string
  readonly folder: boolean
}

export interface WalkOptions {
  readonly prefix: string
  /** The folder that the prefix begins in: '' or ending in '/'. */
  readonly folder: string
  readonly fold: boolean
  readonly startAfter: string
}

/** The names of files (and folders, when folding) that begin with the prefix and sort after `startAfter`. */
export async function* walkFolder(root: string, options: WalkOptions): AsyncGenerator<Name> {
  if (await isLoop(root, options.folder)) return
  yield* walk(root, options.folder, options)
}

async function* walk(root: string, folder: string, options: WalkOptions): AsyncGenerator<Name> {
  const { prefix, fold, startAfter } = options
  for (const name of await namesIn(root, folder)) {
    const { key } = name
    // A folder on the way to startAfter sorts before it and yet holds keys that sort after it.
    const mayFollow = compareKeys(key, startAfter) > 0 || (name.folder && startAfter.startsWith(key))
    if (!mayFollow || !key.startsWith(prefix)) continue
    if (name.link && (await isLoop(root, key))) continue
    if (!name.folder || fold) yield name
    else yield* walk(root, key, options)
  }
}

interface FoundName extends Name {
  readonly link: boolean
}

// A folder that vanishes meanwhile is an empty one; so is one whose name turns out to be a file's.
async function namesIn(root: string, folder: string): Promise<FoundName[]> {
  let entries
  try {
    entries = await readdir(`${root}/${folder}`, { withFileTypes: true })
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
  const names: FoundName[] = []
  for (const entry of entries) {
    const key = folder + entry.name
    if (entry.isSymbolicLink()) {
      const target = await statOrNull(`${root}/${key}`)
      if (target?.isDirectory()) names.push({ key: `${key}/`, folder: true, link: true })
      else if (target?.isFile()) names.push({ key, folder: false, link: false })
    } else if (entry.isDirectory()) names.push({ key: `${key}/`, folder: true, link: false })
    else if (entry.isFile()) names.push({ key, folder: false, link: false })
  }
  return names.sort((a, b) => compareKeys(a.key, b.key))
}

// Whether the folder is the same one as a folder above it, up to the root.
async function isLoop(root: string, folder: string): Promise<boolean> {
  const seen = new Set<string>()
  const parts = folder.split('/').slice(0, -1)
  for (let depth = 0; depth <= parts.length; depth++) {
    const found = await statOrNull(`${root}/${parts.slice(0, depth).join('/')}`)
    if (found === null) return false
    const identity = `${found.dev}:${found.ino}`
    if (seen.has(identity)) return true
    seen.add(identity)
  }
  return false
}

async function statOrNull(path: string) {
  try {
    return await stat(path, { bigint: true })
  } catch (error) {
    // ELOOP: a link to itself.
    if (isMissing(error) || (error as NodeJS.ErrnoException).code === 'ELOOP') return null
    throw error
  }
}

/** Whether a file system call failed because there is nothing of that name. */
export function isMissing(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return code === 'ENOENT' || code === 'ENOTDIR'
}
