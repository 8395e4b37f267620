// Which of many CIDR blocks an address lies in: the one with the longest prefix.
//
// Blocks nest or lie apart, never across each other, so they cut the address line into stretches that belong to
// one block or to none. A look-up is one binary search for the stretch:
//
//   10.0.0.0/8   |--------------------------------|
//   10.1.0.0/16          |------|
//   starts       ^       ^      ^                  ^
//   id             A        B           A            NONE
//
//   starts4   Float64       first address of a stretch     ids4   Int32   what the look-up answers there
//   starts6   4 x Uint32    likewise                       ids6   Int32

import { NONE } from './address-table.ts'
import type { Cidr } from './cidr.ts'

/** A block and what a look-up answers inside it. */
export interface IdentifiedBlock {
  readonly cidr: Cidr
  readonly id: number
}

interface Block {
  readonly first: bigint
  readonly last: bigint
  readonly id: number
}

/** An index as its columns: what another thread needs to look addresses up. */
export interface BlockColumns {
  readonly starts4: Float64Array
  readonly ids4: Int32Array
  readonly starts6: Uint32Array
  readonly ids6: Int32Array
}

export class BlockIndex {
  readonly columns: BlockColumns

  constructor(columns: BlockColumns) {
    this.columns = columns
  }

  /** Of equal blocks the first counts. */
  static of(blocks: readonly IdentifiedBlock[]): BlockIndex {
    const stretches4 = stretchesOf(blocksOf(blocks, 4), 1n << 32n)
    const stretches6 = stretchesOf(blocksOf(blocks, 6), 1n << 128n)
    return new BlockIndex({
      starts4: Float64Array.from(stretches4, stretch => Number(stretch.start)),
      ids4: Int32Array.from(stretches4, stretch => stretch.id),
      starts6: Uint32Array.from(
        stretches6.flatMap(({ start }) =>
          [96n, 64n, 32n, 0n].map(shift => Number((start >> shift) & 0xffffffffn)),
        ),
      ),
      ids6: Int32Array.from(stretches6, stretch => stretch.id),
    })
  }

  /** The id of the longest prefix around an IPv4 address, or NONE. */
  find4(value: number): number {
    const { starts4: starts, ids4 } = this.columns
    let low = 0
    let high = starts.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (starts[middle]! <= value) low = middle + 1
      else high = middle
    }
    return low === 0 ? NONE : ids4[low - 1]!
  }

  /** The id of the longest prefix around the IPv6 address words[at .. at + 4), or NONE. */
  find6(words: ArrayLike<number>, at: number): number {
    let low = 0
    let high = this.columns.ids6.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#startsAtOrBefore(middle * 4, words, at)) low = middle + 1
      else high = middle
    }
    return low === 0 ? NONE : this.columns.ids6[low - 1]!
  }

  #startsAtOrBefore(start: number, words: ArrayLike<number>, at: number): boolean {
    for (let word = 0; word < 4; word++) {
      const difference = this.columns.starts6[start + word]! - words[at + word]!
      if (difference !== 0) return difference < 0
    }
    return true
  }
}

// Outer blocks before inner ones; of equal blocks only the first given.
function blocksOf(identified: readonly IdentifiedBlock[], family: 4 | 6): Block[] {
  const blocks = identified
    .filter(({ cidr }) => cidr.family === family)
    .map(({ cidr, id }) => ({ first: integerOf(cidr.first), last: integerOf(cidr.last), id }))
  blocks.sort((a, b) => compareBigInt(a.first, b.first) || compareBigInt(b.last, a.last))
  return blocks.filter((block, at) => {
    const before = blocks[at - 1]
    return before === undefined || before.first !== block.first || before.last !== block.last
  })
}

function integerOf(words: readonly number[]): bigint {
  return words.reduce((sum, word) => (sum << 32n) | BigInt(word), 0n)
}

// `end` is one past the last address; no stretch begins there.
function stretchesOf(blocks: readonly Block[], end: bigint): { start: bigint; id: number }[] {
  const stretches: { start: bigint; id: number }[] = []
  const open: Block[] = []
  const begin = (start: bigint, id: number) => {
    if (stretches.at(-1)?.start === start) stretches.pop()
    if (start < end) stretches.push({ start, id })
  }
  const closeBefore = (first: bigint) => {
    for (let inner = open.at(-1); inner !== undefined && inner.last < first; inner = open.at(-1)) {
      open.pop()
      begin(inner.last + 1n, open.at(-1)?.id ?? NONE)
    }
  }
  for (const block of blocks) {
    closeBefore(block.first)
    begin(block.first, block.id)
    open.push(block)
  }
  closeBefore(end)
  return stretches
}

function compareBigInt(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0
}
