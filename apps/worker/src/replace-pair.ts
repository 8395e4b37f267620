// An hour's two files replaced as one, though no store has such a thing, and though another run may do it at the same time.
//
//   look     what stands: a rollup, a ledger, and whether the ledger names that rollup (then the hour is complete)
//   write    the rollup over the rollup that was seen, then the ledger over the ledger that was seen
//   look     is the rollup still ours? Then both are
//
// Who finds that another run has written since the look has changed nothing, or one file of two:
//
//   complete, and not ours         the other run is done: its result stands, ours is given up
//   the rollup is ours             the ledger is written over the one that stands now: the pair is whole
//   neither complete nor ours      the other run is between its two files: it is waited for. One that was killed there
//                                  never ends, so after a while the pair is written over what it left
//
// The last run to write a rollup is the last to write a ledger, or it sees at its last look that it wasn't: what is
// left when all have ended is one run's pair. A store that knows no conditions only makes more rounds of it.
//
// Nothing may stop the run between the two files. Where one can't be written what stood is put back: also when it was
// written after all and only the answer failed, but never over what another run has written since.

import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { RunError, type Run } from '@zonetoll/command'
import { StoreError, type ObjectStore, type StoredObject } from '@zonetoll/objects'
import { MOST_LEDGER_BYTES } from './ledger-text.ts'

/** What is to stand under the two keys. */
export interface OwnPair {
  readonly rollupKey: string
  readonly ledgerKey: string
  /** The rollup's local file. */
  readonly file: string
  readonly sha256: string
  readonly ledgerText: string
}

/** Another run made the hour while this one did: what it wrote stands, and it is something else. */
export class OvertakenError extends RunError {}

/** How long a run may be between its two files before another takes it for dead. */
const PATIENCE_MILLIS = 10_000
const POLL_MILLIS = 200
const MOST_ROUNDS = 20

/** What stood at a key: null for nothing, else the object and a file with its bytes. */
interface Standing {
  readonly key: string
  readonly copy: { readonly object: StoredObject; readonly file: string; readonly sha256: string } | null
}

interface StandingPair {
  readonly rollup: Standing
  readonly ledger: Standing
  readonly ownRollup: boolean
  readonly ownLedger: boolean
  /** The ledger names the rollup that stands. */
  readonly complete: boolean
}

/**
 * Resolves once both files stand, written by this run or, with the same bytes, by another. `folder` takes copies of
 * what stood. Throws OvertakenError; and RunError or what the store throws, with what stood put back.
 */
export async function replacePair(
  store: ObjectStore,
  own: OwnPair,
  folder: string,
  run: Run,
  { patienceMillis = PATIENCE_MILLIS, pollMillis = POLL_MILLIS } = {},
): Promise<void> {
  const { signal } = run
  const first = await look(store, own, folder, signal, 'first')
  let standing = first
  for (let round = 0; round < MOST_ROUNDS; round++) {
    if (standing.ownRollup && standing.ownLedger) return
    if (!alike(standing, first)) {
      if (!standing.complete && !standing.ownRollup) {
        const wait = { patienceMillis, pollMillis }
        standing = await waitForOther(store, own, folder, signal, standing, wait)
      }
      if (standing.complete && !alike(standing, first)) {
        if (standing.ownLedger) return
        throw new OvertakenError(
          `another run made the hour while this one did, from other objects, assignments or options: its ` +
            `${store.describe(own.rollupKey)} stands, this run's was given up. Run again to have the hour made anew.`,
        )
      }
    }
    const seen = standing
    if (await run.uninterrupted(() => write(store, own, folder, seen, first))) return
    try {
      standing = await look(store, own, folder, signal)
    } catch (error) {
      // Where the answer to the rollup's write got lost the rollup may be ours, without its ledger.
      await putBack(store, own, folder, first, error)
      throw error
    }
  }
  throw new RunError(
    `${store.describe(own.rollupKey)} was written by other runs again and again while this one tried: ` +
      `it was given up. Let one run at a time make an hour.`,
  )
}

// True when both files are this run's, false when another run's write came in between.
async function write(
  store: ObjectStore,
  own: OwnPair,
  folder: string,
  seen: StandingPair,
  first: StandingPair,
): Promise<boolean> {
  const { rollup, ledger } = seen
  try {
    const etag = seen.ownRollup
      ? rollup.copy!.object.etag
      : await store.write(own.rollupKey, { file: own.file }, { expected: etagOf(rollup) })
    const text = new TextEncoder().encode(own.ledgerText)
    await store.write(own.ledgerKey, text, { expected: etagOf(ledger) })
    // Without etags the next round tells.
    return etag !== '' && (await store.head(own.rollupKey))?.etag === etag
  } catch (error) {
    if (error instanceof StoreError && error.reason === 'conflict') return false
    // Where the answer to an earlier round's write got lost, the rollup that was seen is ours already.
    const before = { rollup: seen.ownRollup ? first.rollup : rollup, ledger }
    await putBack(store, own, folder, before, error)
    throw error
  }
}

function etagOf({ copy }: Standing): string | null | undefined {
  // A server that gives no etags can't be asked to compare them.
  return copy === null ? null : copy.object.etag || undefined
}

async function look(
  store: ObjectStore,
  own: OwnPair,
  folder: string,
  signal: AbortSignal,
  name = 'before',
): Promise<StandingPair> {
  const ledger = await keepAside(store, own.ledgerKey, join(folder, `${name}.json`), signal)
  const rollup = await keepAside(store, own.rollupKey, join(folder, `${name}.parquet`), signal)
  const text = ledger.copy === null ? null : await textOf(ledger.copy)
  const named = text === null ? null : rollupNamedBy(text)
  return {
    rollup,
    ledger,
    ownRollup: rollup.copy?.sha256 === own.sha256,
    ownLedger: text === own.ledgerText,
    complete: named !== null && named === rollup.copy?.sha256,
  }
}

// Null for more than a ledger, which may be more than a string.
async function textOf({ object, file }: NonNullable<Standing['copy']>): Promise<string | null> {
  return object.size > MOST_LEDGER_BYTES ? null : await readFile(file, 'utf8')
}

// What stands may be anything: no more is asked of it than which rollup it names.
function rollupNamedBy(ledgerText: string): string | null {
  try {
    const ledger = JSON.parse(ledgerText) as { rollupSha256?: unknown } | null
    return typeof ledger?.rollupSha256 === 'string' ? ledger.rollupSha256 : null
  } catch {
    return null
  }
}

async function keepAside(
  store: ObjectStore,
  key: string,
  file: string,
  signal: AbortSignal,
): Promise<Standing> {
  for (let attempt = 1; ; attempt++) {
    const object = await store.head(key)
    if (object === null) return { key, copy: null }
    try {
      const hash = createHash('sha256')
      await pipeline(
        store.read(object, { signal }),
        async function* (chunks) {
          for await (const chunk of chunks) {
            hash.update(chunk)
            yield Uint8Array.from(chunk)
          }
        },
        createWriteStream(file),
      )
      return { key, copy: { object, file, sha256: hash.digest('hex') } }
    } catch (error) {
      signal.throwIfAborted()
      // Replaced between the look and the read.
      const moved =
        error instanceof StoreError && (error.reason === 'changed' || error.reason === 'missingObject')
      if (!moved || attempt === MOST_ROUNDS) throw error
      await sleep(POLL_MILLIS / 4, undefined, { signal })
    }
  }
}

// Until the pair is complete, or nothing has changed for as long as a run may be between its files.
async function waitForOther(
  store: ObjectStore,
  own: OwnPair,
  folder: string,
  signal: AbortSignal,
  before: StandingPair,
  { patienceMillis, pollMillis }: { readonly patienceMillis: number; readonly pollMillis: number },
): Promise<StandingPair> {
  let standing = before
  let changed = performance.now()
  // Where nothing stands nobody is between two files.
  while (
    !standing.complete &&
    standing.rollup.copy !== null &&
    performance.now() - changed < patienceMillis
  ) {
    await sleep(pollMillis, undefined, { signal })
    const now = await look(store, own, folder, signal)
    if (!alike(now, standing)) changed = performance.now()
    standing = now
  }
  return standing
}

// Whether the same two files stand: also when another run put back what stood.
function alike(a: StandingPair, b: StandingPair): boolean {
  return a.rollup.copy?.sha256 === b.rollup.copy?.sha256 && a.ledger.copy?.sha256 === b.ledger.copy?.sha256
}

// What is this run's becomes what stood before. What another run has written since stays, and so does a rollup that both
// made, where the other's ledger names it. Throws RunError where it can't be told or done: both failures count then.
async function putBack(
  store: ObjectStore,
  own: OwnPair,
  folder: string,
  before: Pick<StandingPair, 'rollup' | 'ledger'>,
  failure: unknown,
): Promise<void> {
  try {
    const now = await look(store, own, folder, new AbortController().signal, 'after')
    if (now.ownLedger) await restore(store, before.ledger, now.ledger)
    if (now.ownRollup && (now.ownLedger || !now.complete)) await restore(store, before.rollup, now.rollup)
  } catch (error) {
    throw notPutBack(store.describe(own.rollupKey), failure, error)
  }
}

async function restore(store: ObjectStore, { key, copy }: Standing, now: Standing): Promise<void> {
  if (copy?.sha256 === now.copy?.sha256) return
  if (copy === null) await store.delete(key)
  else await store.write(key, { file: copy.file }, { expected: etagOf(now) })
}

function notPutBack(uri: string, failure: unknown, error: unknown): RunError {
  const said = [failure, error].map(each => (each instanceof Error ? each.message : String(each)))
  return new RunError(
    `${said[0]}. What stood at ${uri} could not be put back (${said[1]}): ` +
      `rollup and ledger may not belong together until the hour is run again.`,
    { cause: error },
  )
}
