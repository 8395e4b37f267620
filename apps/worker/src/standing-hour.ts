// What stands at an hour's key: a ledger and the rollup it names, or why that is no complete hour.

import { createHash } from 'node:crypto'
import { LedgerError, parseLedger, type Hour, type Ledger } from '@zonetoll/model'
import {
  hourPartition,
  StoreError,
  type Location,
  type ObjectStore,
  type StoredObject,
} from '@zonetoll/objects'
import { MOST_LEDGER_BYTES } from './ledger-text.ts'
import { LEDGER_NAME, ROLLUP_NAME } from './publish.ts'

export type StandingHour =
  | { readonly ledger: Ledger }
  /** `why` goes on from the hour: `has …`, `lacks …`. */
  | { readonly ledger: null; readonly why: string }

/** One list, and one read of the ledger; of the rollup only where it is younger than its ledger. */
export async function standingHour(
  { store, prefix }: Location,
  cluster: string,
  hour: Hour,
  signal: AbortSignal,
): Promise<StandingHour> {
  const folder = prefix + hourPartition(cluster, hour)
  const there = new Map<string, StoredObject>()
  for (const object of await objectsIn(store, folder, signal))
    there.set(object.key.slice(folder.length), object)
  const [rollup, ledgerObject] = [there.get(ROLLUP_NAME), there.get(LEDGER_NAME)]
  if (ledgerObject === undefined) return { ledger: null, why: 'has no rollup' }
  if (rollup === undefined) return { ledger: null, why: 'has a ledger but no rollup' }

  const ledger = await readLedger(store, ledgerObject, signal)
  if (ledger === null || ledger.cluster !== cluster || ledger.hour !== hour) {
    return { ledger: null, why: "has a ledger that isn't one of this hour" }
  }
  // The ledger is written behind its rollup. A rollup that is younger lost its run before the ledger, or is a copy.
  if (
    rollup.modified > ledgerObject.modified &&
    (await sha256Of(store, rollup, signal)) !== ledger.rollupSha256
  ) {
    return { ledger: null, why: 'has a rollup that is not the one its ledger names' }
  }
  return { ledger }
}

/** The objects directly in a folder of the rollups, which needn't be there before the first is written. */
export async function objectsIn(
  store: ObjectStore,
  folder: string,
  signal: AbortSignal,
): Promise<StoredObject[]> {
  const objects: StoredObject[] = []
  try {
    for await (const entry of store.list(folder, { delimiter: true, signal })) {
      if ('object' in entry) objects.push(entry.object)
    }
  } catch (error) {
    if (!(error instanceof StoreError) || error.reason !== 'missingFolder') throw error
  }
  return objects
}

/** The ledger in an object; null where it is none, or greater than any. */
export async function readLedger(
  store: ObjectStore,
  object: StoredObject,
  signal: AbortSignal,
): Promise<Ledger | null> {
  if (object.size > MOST_LEDGER_BYTES) return null
  try {
    return parseLedger(await textOf(store, object, signal))
  } catch (error) {
    if (error instanceof LedgerError) return null
    throw error
  }
}

async function textOf(store: ObjectStore, object: StoredObject, signal: AbortSignal): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of store.read(object, { signal })) text += decoder.decode(chunk, { stream: true })
  return text + decoder.decode()
}

async function sha256Of(store: ObjectStore, object: StoredObject, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of store.read(object, { signal })) hash.update(chunk)
  return hash.digest('hex')
}
