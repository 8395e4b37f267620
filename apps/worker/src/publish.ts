// From rows to the hour's two files: written aside, read back, and only then put where readers look.
//
//   rows -> temporary file -> read back -> rollup.parquet -> _ledger.json (makes the hour complete)
//
// A failure leaves what stood. Between the two files nothing may stop the run, and where the ledger can't be
// written the rollup that stood is put back.

import { mkdtemp, open, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Run } from '@zonetoll/command'
import { formatLedger, type Ledger, type RollupRow } from '@zonetoll/model'
import { hourPartition, type Location, type ObjectStore } from '@zonetoll/objects'
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
  try {
    const file = join(folder, 'rollup.parquet')
    const written = await writeFileOfRows(file, rows, run.signal)
    const { store } = location
    const partition = location.prefix + hourPartition(ledger.cluster, ledger.hour)
    const rollupKey = `${partition}rollup.parquet`
    const ledgerKey = `${partition}_ledger.json`
    const ledgerText = formatLedger({ ...ledger, rows: written.rows, rollupSha256: written.sha256 })
    const before = await keepAside(store, rollupKey, join(folder, 'before.parquet'), run.signal)
    await run.uninterrupted(async () => {
      await store.write(rollupKey, { file })
      try {
        await store.write(ledgerKey, new TextEncoder().encode(ledgerText))
      } catch (error) {
        await putBack(store, rollupKey, before)
        throw error
      }
    })
    return { rollup: store.describe(rollupKey), ledger: store.describe(ledgerKey), size: written.size }
  } finally {
    await rm(folder, { recursive: true, force: true })
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

// A copy of the object that stands at a key, null where there is none.
async function keepAside(
  store: ObjectStore,
  key: string,
  path: string,
  signal: AbortSignal,
): Promise<string | null> {
  const object = await store.head(key)
  if (object === null) return null
  await writeFile(path, store.read(object, { signal }))
  return path
}

async function putBack(store: ObjectStore, key: string, before: string | null): Promise<void> {
  if (before === null) await store.delete(key)
  else await store.write(key, { file: before })
}
