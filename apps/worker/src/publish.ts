// From rows to the hour's two files: written aside, read back, and only then put where readers look.
//
//   rows -> temporary file -> read back -> rollup.parquet -> _ledger.json (makes the hour complete)

import { rmSync } from 'node:fs'
import { mkdtemp, open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Run } from '@zonetoll/command'
import type { Ledger, RollupRow } from '@zonetoll/model'
import { hourPartition, type Location } from '@zonetoll/objects'
import { verifyRollup, writeRollup } from '@zonetoll/parquet'
import { ledgerTextOf } from './ledger-text.ts'
import { replacePair } from './replace-pair.ts'

export const ROLLUP_NAME = 'rollup.parquet'
export const LEDGER_NAME = '_ledger.json'

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
  return await inTemporaryFolder(async folder => {
    const file = join(folder, ROLLUP_NAME)
    const { rows: count, sha256, size } = await writeFileOfRows(file, rows, run.signal)
    const { store } = location
    const partition = location.prefix + hourPartition(ledger.cluster, ledger.hour)
    const rollupKey = `${partition}${ROLLUP_NAME}`
    const ledgerKey = `${partition}${LEDGER_NAME}`
    const ledgerText = ledgerTextOf({ ...ledger, rows: count, rollupSha256: sha256 })
    await replacePair(store, { rollupKey, ledgerKey, file, sha256, ledgerText }, folder, run)
    return { rollup: store.describe(rollupKey), ledger: store.describe(ledgerKey), size }
  })
}

/** A folder for the time of the work; also gone when an interruption's grace is over and the process ends. */
export async function inTemporaryFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'zonetoll-'))
  const clear = () => rmSync(folder, { recursive: true, force: true })
  process.once('exit', clear)
  try {
    return await work(folder)
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
