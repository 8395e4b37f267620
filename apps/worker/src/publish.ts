// From rows to the hour's two files: written aside, read back, and only then put where readers look.
//
//   rows -> temporary file -> read back -> rollup.parquet -> _ledger.json (makes the hour complete)
//
// A failure leaves what stood. Between the two files nothing may stop the run, and where one can't be written what
// stood is put back: also when it was written after all and only the answer failed.

import { rmSync } from 'node:fs'
import { mkdtemp, open, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { RunError, type Run } from '@zonetoll/command'
import { formatLedger, type Ledger, type RollupRow } from '@zonetoll/model'
import { hourPartition, type Location, type ObjectStore, type StoredObject } from '@zonetoll/objects'
import { verifyRollup, writeRollup } from '@zonetoll/parquet'

export interface PublishedHour {
  /** Where readers find the rollup: a URI, or a path as it was given. */
  readonly rollup: string
  readonly ledger: string
  /** Bytes of the Parquet file. */
  readonly size: number
}

/** Writes both files, whole or not at all. `ledger` lacks only what the Parquet file decides. */
export async function publish(
  location: Location,
  rows: Iterable<RollupRow>,
  ledger: Omit<Ledger, 'rows' | 'rollupSha256'>,
  run: Run,
): Promise<PublishedHour> {
  const folder = await mkdtemp(join(tmpdir(), 'zonetoll-'))
  // Also when an interruption's grace is over and the process ends here.
  const clear = () => rmSync(folder, { recursive: true, force: true })
  process.once('exit', clear)
  try {
    const file = join(folder, 'rollup.parquet')
    const written = await writeFileOfRows(file, rows, run.signal)
    const { store } = location
    const partition = location.prefix + hourPartition(ledger.cluster, ledger.hour)
    const rollupKey = `${partition}rollup.parquet`
    const ledgerKey = `${partition}_ledger.json`
    const ledgerText = formatLedger({ ...ledger, rows: written.rows, rollupSha256: written.sha256 })
    const before = [
      await keepAside(store, ledgerKey, join(folder, 'before.json'), run.signal),
      await keepAside(store, rollupKey, join(folder, 'before.parquet'), run.signal),
    ]
    await run.uninterrupted(async () => {
      try {
        await store.write(rollupKey, { file })
        await store.write(ledgerKey, new TextEncoder().encode(ledgerText))
      } catch (error) {
        await putBack(store, before, error)
        throw error
      }
    })
    return { rollup: store.describe(rollupKey), ledger: store.describe(ledgerKey), size: written.size }
  } finally {
    process.removeListener('exit', clear)
    clear()
  }
}

interface WrittenFile {
  readonly rows: number
  readonly size: number
  readonly sha256: string
}

async function writeFileOfRows(
  path: string,
  rows: Iterable<RollupRow>,
  signal: AbortSignal,
): Promise<WrittenFile> {
  const handle = await open(path, 'w+')
  try {
    const summary = await writeRollup(rows, {
      write: async bytes => {
        signal.throwIfAborted()
        await handle.appendFile(bytes)
      },
    })
    signal.throwIfAborted()
    const { size } = await handle.stat()
    await verifyRollup(
      { byteLength: size, slice: (start, end) => readSlice(handle, start, end ?? size) },
      summary,
    )
    return { rows: summary.rows, size, sha256: summary.sha256 }
  } finally {
    await handle.close()
  }
}

async function readSlice(
  handle: Awaited<ReturnType<typeof open>>,
  start: number,
  end: number,
): Promise<ArrayBuffer> {
  const slice = new Uint8Array(end - start)
  for (let at = 0; at < slice.length;) {
    const { bytesRead } = await handle.read(slice, at, slice.length - at, start + at)
    if (bytesRead === 0) throw new Error(`the rollup's temporary file ends at ${start + at} bytes`)
    at += bytesRead
  }
  return slice.buffer
}

/** What stood at a key: null for nothing, else the object and a file with its bytes. */
interface Standing {
  readonly key: string
  readonly copy: { readonly object: StoredObject; readonly file: string } | null
}

async function keepAside(
  store: ObjectStore,
  key: string,
  file: string,
  signal: AbortSignal,
): Promise<Standing> {
  const object = await store.head(key)
  if (object === null) return { key, copy: null }
  await writeFile(file, store.read(object, { signal }))
  return { key, copy: { object, file } }
}

// Throws RunError where what stood can't be put back: both failures count then.
async function putBack(store: ObjectStore, before: readonly Standing[], failure: unknown): Promise<void> {
  for (const { key, copy } of before) {
    try {
      const now = await store.head(key)
      if (now?.etag === copy?.object.etag && now?.size === copy?.object.size) continue
      if (copy === null) await store.delete(key)
      else await store.write(key, { file: copy.file })
    } catch (error) {
      const said = [failure, error].map(each => (each instanceof Error ? each.message : String(each)))
      throw new RunError(
        `${said[0]}. What stood at ${store.describe(key)} could not be put back (${said[1]}): ` +
          `rollup and ledger may not belong together until the hour is run again.`,
        { cause: error },
      )
    }
  }
}
