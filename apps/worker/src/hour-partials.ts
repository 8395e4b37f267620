// The partials in an hour's folder: found by name, all N of a count, read, and removed when they are merged.

import { RunError } from '@zonetoll/command'
import { formatHour, type Hour } from '@zonetoll/model'
import type { ObjectStore, StoredObject } from '@zonetoll/objects'
import type { HourColumns } from '@zonetoll/rollup'
import { PartialError } from './partial-error.ts'
import { headLength, partialName, readColumns, readHeader, shardOfName, START_BYTES } from './partial-file.ts'
import { sameText, type PartialHeader } from './partial-header.ts'
import { formatShard, type Shard } from './shard.ts'
import { objectsIn } from './standing-hour.ts'

export interface FoundPartial {
  readonly object: StoredObject
  readonly uri: string
  readonly shard: Shard
}

export interface HeadedPartial extends FoundPartial {
  readonly header: PartialHeader
}

/** By count and index. Throws RunError for a name that is like a partial's and none. */
export async function findPartials(
  store: ObjectStore,
  folder: string,
  signal: AbortSignal,
): Promise<FoundPartial[]> {
  const partials: FoundPartial[] = []
  for (const object of await objectsIn(store, folder, signal)) {
    const name = object.key.slice(folder.length)
    if (!name.startsWith('_partial-')) continue
    const uri = store.describe(object.key)
    const shard = shardOfName(name)
    if (shard === null) {
      throw new RunError(
        `${uri} has a name that no shard gives its partial: remove or rename it, then merge again`,
      )
    }
    partials.push({ object, uri, shard })
  }
  return partials.sort((a, b) => a.shard.count - b.shard.count || a.shard.index - b.shard.index)
}

/** Those of one count, in order; throws RunError unless each is there. `shards` null: the only count there is. */
export function allOf(
  found: readonly FoundPartial[],
  shards: number | null,
  hour: Hour,
  folder: string,
): FoundPartial[] {
  const counts = [...new Set(found.map(({ shard }) => shard.count))]
  if (shards === null && counts.length > 1) {
    const example = counts.map(count => found.find(({ shard }) => shard.count === count)!.uri)
    throw new RunError(
      `there are partials of ${counts.join(' and of ')} shards: ${example.join(' and ')}. ` +
        `Say with --shards which are meant (the others are removed), or remove the stale ones`,
    )
  }
  const count = shards ?? counts[0]!
  const partials = found.filter(({ shard }) => shard.count === count)
  const there = new Set(partials.map(({ shard }) => shard.index))
  const missing = Array.from({ length: count }, (_, index) => index).filter(index => !there.has(index))
  if (missing.length > 0) {
    const names = missing.slice(0, 5).map(index => partialName({ index, count }))
    const more = missing.length > names.length ? ` and ${missing.length - names.length} more` : ''
    const first = formatShard({ index: missing[0]!, count })
    throw new RunError(
      `${missing.length} of ${count} partials of ${formatHour(hour)} ${missing.length === 1 ? 'is' : 'are'} missing in ${folder}: ` +
        `${names.join(', ')}${more}. Run what is missing, as pnpm start --hour ${formatHour(hour)} --shard ${first}, then merge again`,
    )
  }
  return partials
}

/** With its header, which is believed by its digest; the columns aren't read. Throws RunError naming the partial. */
export async function withHeader(
  store: ObjectStore,
  partial: FoundPartial,
  signal: AbortSignal,
): Promise<HeadedPartial> {
  return await naming(partial, async () => ({ ...partial, header: await headerOf(store, partial, signal) }))
}

/** Hands the columns to `use`, whose PartialError gets the partial's name too. Throws RunError. */
export async function withColumns(
  store: ObjectStore,
  partial: HeadedPartial,
  signal: AbortSignal,
  use: (columns: HourColumns) => void,
): Promise<void> {
  await naming(partial, async () => {
    const { header, columns } = readColumns(await bytesOf(store, partial.object, signal))
    if (!sameText(header, partial.header)) throw new PartialError('changed while it was read')
    use(columns)
  })
}

/** Returns those that could not be removed, with why: no failure where the rollup stands. */
export async function removeAll(store: ObjectStore, partials: readonly FoundPartial[]): Promise<string[]> {
  const left: string[] = []
  for (const { object, uri } of partials) {
    try {
      await store.delete(object.key)
    } catch (error) {
      left.push(`${uri} could not be removed (${error instanceof Error ? error.message : String(error)})`)
    }
  }
  return left
}

// What the work throws of a partial, with its name.
async function naming<T>({ uri, shard }: FoundPartial, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    if (!(cause instanceof PartialError)) throw cause
    throw new RunError(`${uri} ${cause.message}. Run shard ${formatShard(shard)} again, then merge again`, {
      cause,
    })
  }
}

async function headerOf(
  store: ObjectStore,
  { object }: FoundPartial,
  signal: AbortSignal,
): Promise<PartialHeader> {
  const chunks: Uint8Array[] = []
  let [reached, needed] = [0, START_BYTES]
  for await (const chunk of store.read(object, { signal })) {
    chunks.push(Uint8Array.from(chunk))
    reached += chunk.length
    if (reached >= START_BYTES && needed === START_BYTES) {
      needed = headLength(Buffer.concat(chunks), object.size)
    }
    if (reached >= needed) break
  }
  return readHeader(Buffer.concat(chunks), object.size)
}

async function bytesOf(store: ObjectStore, object: StoredObject, signal: AbortSignal): Promise<Uint8Array> {
  const bytes = new Uint8Array(object.size)
  let reached = 0
  for await (const chunk of store.read(object, { signal })) {
    bytes.set(chunk, reached)
    reached += chunk.length
  }
  return bytes
}
