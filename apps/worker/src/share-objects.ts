// The share of an hour's objects that a shard reads, and the digest that tells whether two shards shared the same.
//
// Greatest object first, each to the shard that has least: no two shards differ by more than the greatest object, and
// the shares follow from keys and sizes alone, whoever works them out.

import { createHash } from 'node:crypto'
import type { Shard } from './shard.ts'

/** An object as a listing has it. */
export interface ListedObject {
  /** Its full URI. */
  readonly uri: string
  readonly key: string
  readonly size: number
  readonly etag: string
}

/** Places in the listing, ascending. `sizes` are those of the listing's objects, in its order. */
export function shareOf(sizes: readonly number[], { index, count }: Shard): number[] {
  const greatestFirst = sizes.map((_, at) => at).sort((a, b) => sizes[b]! - sizes[a]! || a - b)
  const loads = new Loads(count)
  return greatestFirst.filter(at => loads.give(sizes[at]!) === index).sort((a, b) => a - b)
}

/** SHA-256 over the listing: the same for the same objects in the same places. */
export function listingDigest(objects: readonly ListedObject[]): string {
  const hash = createHash('sha256')
  for (const { uri, key, size, etag } of objects) hash.update(`${JSON.stringify([uri, key, size, etag])}\n`)
  return hash.digest('hex')
}

// Shards by load, the least first (a tie: the lesser number), as a binary heap.
class Loads {
  readonly #heap: { readonly shard: number; readonly load: number }[]

  constructor(count: number) {
    this.#heap = Array.from({ length: count }, (_, shard) => ({ shard, load: 0 }))
  }

  /** Adds a load to the shard that has least, and says which. */
  give(size: number): number {
    const { shard, load } = this.#heap[0]!
    // An object of no bytes is still a request.
    this.#sink({ shard, load: load + size + 1 })
    return shard
  }

  #sink(entry: { readonly shard: number; readonly load: number }): void {
    const heap = this.#heap
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isLess(heap[child + 1]!, heap[child]!)) child++
      if (!isLess(heap[child]!, entry)) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = entry
  }
}

function isLess(
  a: { readonly shard: number; readonly load: number },
  b: { readonly shard: number; readonly load: number },
): boolean {
  return a.load < b.load || (a.load === b.load && a.shard < b.shard)
}
