// A folder as a store. Keys are paths below it.
//
// A write goes to a file of its own beside its place, is flushed to the disk and then renamed over what stood there:
// a reader sees the old content or the new one, also after a power cut. Its name begins with '_', which readers of
// rollups and flow logs pass over, should the process die before it can remove it; a later write does.
//
// A write over nothing is a link, which the system makes only where no file is. Over a known file it is a look and
// then the rename: no system call does both, and a lock file would outlive a process that is killed. Another rename
// between the two, microseconds apart, isn't seen; who writes several files that belong together looks again behind it.

import { constants, type Stats } from 'node:fs'
import { link, open, rename, rm, stat, unlink, type FileHandle } from 'node:fs/promises'
import { dirname, relative } from 'node:path'

import { fileEtag } from './file-etag.ts'
import { checkKey, folderOfPrefix } from './folder-keys.ts'
import { isMissing, walkFolder } from './folder-walk.ts'
import { clearLeftBehind, temporaryName } from './left-behind.ts'
import { makeFolders } from './make-folders.ts'
import { conflict, oneLine, StoreError } from './store-error.ts'
import { entriesOf } from './store.ts'
import type {
  ListEntry,
  ListOptions,
  ListPage,
  ObjectStore,
  ReadOptions,
  StoredObject,
  WriteBody,
  WriteOptions,
} from './store.ts'
import { wholeFile } from './whole-file.ts'

// Small pages: each object of a page costs an open for its etag, and a consumer may need only the first few.
const PAGE_ENTRIES = 100
const CHUNK_BYTES = 256 * 1024

export class FolderStore implements ObjectStore {
  readonly #root: string

  /** The root is an absolute path. It needn't exist before the first write. */
  constructor(root: string) {
    this.#root = root === '/' ? '' : root
  }

  describe(key: string): string {
    return key === '' && this.#root !== '' ? this.#root : `${this.#root}/${key}`
  }

  list(prefix: string, options: ListOptions = {}): AsyncIterable<ListEntry> {
    return entriesOf(this.listPages(prefix, options))
  }

  /** With `delimiter` also folders that hold nothing: a bucket has no such thing. */
  async *listPages(prefix: string, options: ListOptions = {}): AsyncGenerator<ListPage> {
    const folder = folderOfPrefix(this.#root, prefix)
    const { delimiter = false, startAfter = '', signal } = options
    const names = walkFolder(this.#root, { prefix, folder, fold: delimiter, startAfter })
    let page: ListEntry[] = []
    try {
      signal?.throwIfAborted()
      await this.#checkRoot()
      for await (const name of names) {
        signal?.throwIfAborted()
        if (name.folder) page.push({ prefix: name.key })
        else {
          const object = await this.#objectAt(name.key)
          // Removed since its folder was read.
          if (object !== null) page.push({ object })
        }
        if (page.length === PAGE_ENTRIES) {
          yield { entries: page, more: true }
          page = []
        }
      }
    } catch (error) {
      if (signal?.aborted) throw signal.reason
      throw this.#failure(prefix, 'be listed', error)
    }
    yield { entries: page, more: false }
  }

  async head(key: string): Promise<StoredObject | null> {
    checkKey(this.#root, key)
    try {
      return await this.#objectAt(key)
    } catch (error) {
      throw this.#failure(key, 'be read', error)
    }
  }

  async *read(object: StoredObject, options: ReadOptions = {}): AsyncGenerator<Uint8Array> {
    checkKey(this.#root, object.key)
    const { signal } = options
    // The whole is read to its end, to see one that grows.
    const { from, to } = options.part ?? { from: 0, to: Infinity }
    let file: FileHandle | undefined
    try {
      signal?.throwIfAborted()
      file = await openFile(this.describe(object.key))
      const { size } = await file.stat()
      if (size !== object.size || (await fileEtag(file, size)) !== object.etag) throw this.#changed(object)
      const buffer = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, size + 1))
      let reached = from
      for (;;) {
        signal?.throwIfAborted()
        if (reached === to) return
        const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, to - reached), reached)
        reached += bytesRead
        if (reached > size || (bytesRead === 0 && reached < size)) throw this.#changed(object)
        if (bytesRead === 0) return
        yield buffer.subarray(0, bytesRead)
      }
    } catch (error) {
      if (signal?.aborted) throw signal.reason
      throw this.#failure(object.key, 'be read', error)
    } finally {
      await file?.close()
    }
  }

  async write(key: string, body: WriteBody, options: WriteOptions = {}): Promise<string> {
    checkKey(this.#root, key)
    const { signal, expected } = options
    const path = this.describe(key)
    const folder = dirname(path)
    const temporary = `${folder}/${temporaryName()}`
    try {
      signal?.throwIfAborted()
      const created = await makeFolders(folder)
      await clearLeftBehind(folder)
      let etag: string
      try {
        etag = await writeThrough(temporary, body, signal)
        signal?.throwIfAborted()
        await this.#put(temporary, key, expected)
      } catch (error) {
        await rm(temporary, { force: true })
        throw error
      }
      await syncFolders(folder, created)
      return etag
    } catch (error) {
      if (signal?.aborted) throw signal.reason
      throw this.#failure(key, 'be written', error)
    }
  }

  async delete(key: string): Promise<void> {
    checkKey(this.#root, key)
    try {
      await unlink(this.describe(key))
    } catch (error) {
      if (!isMissing(error)) throw this.#failure(key, 'be deleted', error)
    }
  }

  async #put(temporary: string, key: string, expected: string | null | undefined): Promise<void> {
    const path = this.describe(key)
    if (expected === null && (await linkNew(temporary, path))) {
      await unlink(temporary)
      return
    }
    const stands = expected === undefined ? undefined : ((await this.#objectAt(key))?.etag ?? null)
    if (stands !== expected) throw conflict(path)
    await rename(temporary, path)
  }

  async #objectAt(key: string): Promise<StoredObject | null> {
    const path = this.describe(key)
    let file: FileHandle | undefined
    try {
      const found = await stat(path)
      if (!found.isFile()) return null
      file = await openFile(path)
      const { size, mtimeMs }: Stats = await file.stat()
      return { key, size, etag: await fileEtag(file, size), modified: Math.floor(mtimeMs) }
    } catch (error) {
      if (isMissing(error)) return null
      throw error
    } finally {
      await file?.close()
    }
  }

  #changed(object: StoredObject): StoreError {
    const what = `${this.describe(object.key)} isn't the file of ${object.size} bytes that was listed`
    return new StoreError('changed', `${what}: it changed meanwhile; run again when nothing writes to it`)
  }

  // A folder below the root that isn't there holds nothing, as a prefix does; a root that isn't there is a mistake.
  async #checkRoot(): Promise<void> {
    const root = this.describe('')
    const found = await stat(root).catch((error: unknown) => {
      if (!isMissing(error)) throw error
      throw new StoreError('missingFolder', `the folder ${root} does not exist; check the path`, error)
    })
    if (found.isDirectory()) return
    throw new StoreError('missingFolder', `${root} is not a folder; name the folder that it lies in`)
  }

  #failure(key: string, doing: string, cause: unknown): StoreError {
    if (cause instanceof StoreError) return cause
    const { code, message, path } = cause as NodeJS.ErrnoException
    // A list fails at a file or folder below the prefix: name that one.
    const uri = doing === 'be listed' && path !== undefined ? path : this.describe(key)
    if (code === 'ENOENT' && doing === 'be read') {
      return new StoreError(
        'missingObject',
        `${uri} does not exist: it was removed since it was listed`,
        cause,
      )
    }
    if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
      const remedy = 'check the permissions of the file and of the folders above it'
      return new StoreError('refused', `${uri} can't ${doing}: ${code}; ${remedy}`, cause)
    }
    return new StoreError('failed', `${uri} can't ${doing}: ${oneLine(message)}`, cause)
  }
}

// O_NONBLOCK: opening a pipe that took a file's place must not wait for its writer.
async function openFile(path: string): Promise<FileHandle> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
  if ((await file.stat()).isFile()) return file
  await file.close()
  throw new StoreError('failed', `${path} is not a regular file`)
}

// False where the file system has no links. Throws StoreError 'conflict' where there is a file already.
async function linkNew(temporary: string, path: string): Promise<boolean> {
  try {
    await link(temporary, path)
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') throw conflict(path, error)
    if (code === 'EPERM' || code === 'ENOTSUP' || code === 'ENOSYS' || code === 'EMLINK') return false
    throw error
  }
}

// Returns the etag of what was written.
async function writeThrough(path: string, body: WriteBody, signal: AbortSignal | undefined): Promise<string> {
  const file = await open(path, 'wx+')
  try {
    for await (const chunk of body instanceof Uint8Array ? [body] : wholeFile(body.file, signal)) {
      await file.writeFile(chunk, { signal })
    }
    await file.sync()
    return await fileEtag(file, (await file.stat()).size)
  } finally {
    await file.close()
  }
}

// A rename, and a folder that was made, last only once the folder that holds the name is on the disk.
async function syncFolders(folder: string, created: string | undefined): Promise<void> {
  const depth = created === undefined ? 0 : relative(dirname(created), folder).split('/').length
  let path = folder
  for (let level = 0; level <= depth; level++) {
    const handle = await open(path)
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
    path = dirname(path)
  }
}
