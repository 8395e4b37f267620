// Copies of a bucket's rollups on this machine, so that the second question costs no fetch.
//
//   $XDG_CACHE_HOME/zonetoll/rollups/   else ~/.cache/zonetoll/rollups/, else below the system's temporary folder
//     5f1c…e9.parquet                   SHA-256 over the object's URI, etag and size: a new content has a new name
//     _0b5e….part                       one being written; renamed when it is whole
//
// The folder and its files are the user's alone (0700, 0600): who sent what to whom isn't everybody's business. A copy
// that is used gets a new time; what was used longest ago goes first when all together are beyond the bound. A copy
// used within the last ten minutes stays whatever the bound: this run or another one may be reading it.
// Source: XDG Base Directory Specification.

import { createHash, randomBytes } from 'node:crypto'
import { chmodSync, existsSync, lstatSync, mkdirSync } from 'node:fs'
import { open, readdir, rename, rm, stat, utimes } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { dirname, isAbsolute, join } from 'node:path'
import { RunError } from '@zonetoll/command'
import type { ObjectStore, StoredObject } from '@zonetoll/objects'

const BOUND_BYTES = 4 * 1024 ** 3
const IN_USE_MILLIS = 10 * 60 * 1000
/** Nothing takes a day to fetch: the process that wrote it is gone. */
const LEFT_BEHIND_MILLIS = 24 * 60 * 60 * 1000

export interface RollupCacheOptions {
  /** Where the copies lie; by the environment if not given. */
  readonly folder?: string
  /** Bytes of all copies together, 4 GiB if not given. */
  readonly boundBytes?: number
}

export class RollupCache {
  readonly folder: string
  readonly #bound: number

  /** Makes the folder. Throws RunError where there can't be one. */
  constructor({ folder, boundBytes }: RollupCacheOptions = {}) {
    this.folder = folder === undefined ? cacheFolder() : privateFolder(folder)
    this.#bound = boundBytes ?? BOUND_BYTES
  }

  /** Where the object's copy is, or would be. */
  pathOf(store: ObjectStore, { key, etag, size }: StoredObject): string {
    const identity = JSON.stringify([store.describe(key), etag, size])
    return join(this.folder, `${createHash('sha256').update(identity).digest('hex')}.parquet`)
  }

  /** Whether there is a copy; if so it counts as used now. */
  async use(path: string): Promise<boolean> {
    try {
      const now = new Date()
      await utimes(path, now, now)
      return true
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
      throw this.#failure(error)
    }
  }

  /** Copies the object, whole or not at all. What comes back is the content's SHA-256 in hexadecimal. */
  async fetch(store: ObjectStore, object: StoredObject, path: string, signal: AbortSignal): Promise<string> {
    const temporary = join(this.folder, `_${randomBytes(8).toString('hex')}.part`)
    const hash = createHash('sha256')
    try {
      const file = await this.#attempt(() => open(temporary, 'wx', 0o600))
      try {
        for await (const chunk of store.read(object, { signal })) {
          hash.update(chunk)
          await this.#attempt(() => file.writeFile(chunk))
        }
      } finally {
        await file.close()
      }
      await this.#attempt(() => rename(temporary, path))
    } catch (error) {
      await rm(temporary, { force: true })
      throw error
    }
    return hash.digest('hex')
  }

  async remove(path: string): Promise<void> {
    await rm(path, { force: true })
  }

  /** Removes what was used longest ago until the rest is within the bound. */
  async trim(): Promise<void> {
    const now = Date.now()
    const copies: { path: string; size: number; used: number }[] = []
    for (const name of await readdir(this.folder)) {
      const path = join(this.folder, name)
      const found = await stat(path).catch(() => null)
      if (found === null || !found.isFile()) continue
      if (name.endsWith('.parquet')) copies.push({ path, size: found.size, used: found.mtimeMs })
      else if (name.endsWith('.part') && now - found.mtimeMs > LEFT_BEHIND_MILLIS) await this.remove(path)
    }
    copies.sort((a, b) => a.used - b.used)
    let bytes = copies.reduce((sum, { size }) => sum + size, 0)
    for (const { path, size, used } of copies) {
      if (bytes <= this.#bound || now - used < IN_USE_MILLIS) return
      await this.remove(path)
      bytes -= size
    }
  }

  // What the file system says becomes a message with a remedy; what the store says has one.
  async #attempt<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      throw this.#failure(error)
    }
  }

  #failure(cause: unknown): RunError {
    return new RunError(
      `copies of rollups can't be kept in ${this.folder}: ${(cause as Error).message}. ` +
        'Make room there, or name another folder with XDG_CACHE_HOME.',
      { cause },
    )
  }
}

function cacheFolder(): string {
  const asked = process.env['XDG_CACHE_HOME'] ?? ''
  // The specification has relative paths passed over.
  if (isAbsolute(asked)) return privateFolder(join(asked, 'zonetoll', 'rollups'))
  try {
    return privateFolder(join(homedir(), '.cache', 'zonetoll', 'rollups'))
  } catch {
    // A container's user may have no home, or one that can't be written to.
    return privateFolder(join(tmpdir(), `zonetoll-${process.getuid?.() ?? 'cache'}`, 'rollups'))
  }
}

// Others may write to the temporary folder and have made one of that name first: then it isn't ours.
function privateFolder(folder: string): string {
  try {
    makeFolder(folder)
    const found = lstatSync(folder)
    if (!found.isDirectory() || (process.getuid !== undefined && found.uid !== process.getuid())) {
      throw new Error('it belongs to somebody else, or is no folder')
    }
    if ((found.mode & 0o077) !== 0) chmodSync(folder, 0o700)
    return folder
  } catch (cause) {
    throw new RunError(
      `copies of rollups can't be kept in ${folder}: ${(cause as Error).message}. Name another folder with XDG_CACHE_HOME.`,
      { cause },
    )
  }
}

// Node's own recursive mkdir asks for ever where a file system refuses a new folder as missing, as /proc does.
function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { mode: 0o700 })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') return
    if (code !== 'ENOENT' || dirname(folder) === folder || existsSync(dirname(folder))) throw error
    makeFolder(dirname(folder))
    mkdirSync(folder, { mode: 0o700 })
  }
}
