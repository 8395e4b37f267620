// A path on this machine for each rollup: the file itself in a folder, a cached copy of an object in a bucket.
//
// Every rollup is held against the SHA-256 in its ledger before it is read, those in folders too: hashing reads a file
// some twenty times as fast as DuckDB does, and a rollup that isn't its ledger's would answer wrongly without a word.

import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { isAbsolute } from 'node:path'
import { RunError } from '@zonetoll/command'
import { formatHour, type Hour } from '@zonetoll/model'
import type { Location, ObjectStore, StoredObject } from '@zonetoll/objects'
import pLimit from 'p-limit'
import { RollupCache, type RollupCacheOptions } from './rollup-cache.ts'

/** A rollup, and what its ledger says of it. */
export interface WantedRollup {
  readonly hour: Hour
  readonly rollup: StoredObject
  readonly sha256: string
}

export interface LocalRollup {
  readonly hour: Hour
  readonly path: string
}

export interface LocalRollupsOptions {
  readonly signal: AbortSignal
  readonly cache?: RollupCacheOptions
  /** Told of each rollup that is at hand: how many are, and how many bytes were fetched for it. */
  readonly progress?: (done: number, fetchedBytes: number) => void
}

const FETCHES = 16
const HASHED_AT_A_TIME = 4
const CHUNK_BYTES = 1024 * 1024

/** In the order given. Throws RunError naming a rollup that isn't the one its ledger speaks of. */
export async function localRollups(
  location: Location,
  wanted: readonly WantedRollup[],
  options: LocalRollupsOptions,
): Promise<LocalRollup[]> {
  const { store } = location
  // A folder's store describes keys by their paths.
  if (isAbsolute(store.describe(''))) {
    return await eachOf(wanted, HASHED_AT_A_TIME, options, each => checkFile(store, each))
  }
  const cache = new RollupCache(options.cache)
  const local = await eachOf(wanted, FETCHES, options, (each, signal) => copyOf(store, cache, each, signal))
  await cache.trim()
  return local
}

interface AtHand {
  readonly path: string
  readonly fetchedBytes: number
}

async function eachOf(
  wanted: readonly WantedRollup[],
  concurrency: number,
  { signal, progress }: LocalRollupsOptions,
  bring: (wanted: WantedRollup, signal: AbortSignal) => Promise<AtHand>,
): Promise<LocalRollup[]> {
  const limit = pLimit(concurrency)
  // The first that fails stops the others.
  const stop = new AbortController()
  const ending = AbortSignal.any([signal, stop.signal])
  let done = 0
  const all = wanted.map(each =>
    limit(async () => {
      ending.throwIfAborted()
      const { path, fetchedBytes } = await bring(each, ending)
      progress?.(++done, fetchedBytes)
      return { hour: each.hour, path }
    }),
  )
  try {
    return await Promise.all(all)
  } catch (error) {
    stop.abort()
    // Those under way clear up behind themselves, those that wait throw at once.
    await Promise.allSettled(all)
    throw error
  }
}

async function checkFile(store: ObjectStore, wanted: WantedRollup): Promise<AtHand> {
  const path = store.describe(wanted.rollup.key)
  if ((await sha256Of(path)) !== wanted.sha256) throw notItsLedgers(path, wanted.hour)
  return { path, fetchedBytes: 0 }
}

async function copyOf(
  store: ObjectStore,
  cache: RollupCache,
  { hour, rollup, sha256 }: WantedRollup,
  signal: AbortSignal,
): Promise<AtHand> {
  const path = cache.pathOf(store, rollup)
  if (await cache.use(path)) {
    if ((await sha256Of(path)) === sha256) return { path, fetchedBytes: 0 }
    // Damaged on this disk, or the object is: fetching it anew tells.
    await cache.remove(path)
  }
  if ((await cache.fetch(store, rollup, path, signal)) === sha256) return { path, fetchedBytes: rollup.size }
  await cache.remove(path)
  throw notItsLedgers(store.describe(rollup.key), hour)
}

// A stream of chunks costs as much again as hashing them.
async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256')
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES)
  const file = await open(path)
  try {
    for (;;) {
      const { bytesRead } = await file.read(chunk, 0, chunk.length)
      if (bytesRead === 0) return hash.digest('hex')
      hash.update(chunk.subarray(0, bytesRead))
    }
  } finally {
    await file.close()
  }
}

function notItsLedgers(uri: string, hour: Hour): RunError {
  return new RunError(
    `${uri} is not the rollup that the ledger beside it names (its SHA-256 differs): it was changed, damaged or is being ` +
      `replaced. Ask again when nothing writes to it, or make the hour again: pnpm start --hour ${formatHour(hour)}.`,
  )
}
