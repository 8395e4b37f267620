// Draws one of n things by weight in constant time: Walker's alias method.
//
//   column k holds thing k up to `threshold[k]` of 2^32, and thing `alias[k]` above it
//
// Only divisions, additions and comparisons: the same table on any machine.
// Source: Vose, "A linear algorithm for generating random numbers with a given distribution" (1991).

import type { Random } from './random.ts'

const TWO_32 = 2 ** 32

export class WeightedChoice {
  readonly total: number
  readonly #threshold: Float64Array
  readonly #alias: Int32Array

  /** Takes the first `length` weights, none of them negative. */
  constructor(weights: ArrayLike<number>, length: number) {
    let total = 0
    for (let at = 0; at < length; at++) total += weights[at]!
    this.total = total
    this.#threshold = new Float64Array(length)
    this.#alias = new Int32Array(length)
    const scale = total > 0 ? length / total : 0
    const small = new Int32Array(length)
    const large = new Int32Array(length)
    let smalls = 0
    let larges = 0
    for (let at = 0; at < length; at++) {
      const scaled = weights[at]! * scale
      this.#threshold[at] = scaled
      if (scaled < 1) small[smalls++] = at
      else large[larges++] = at
    }
    while (smalls > 0 && larges > 0) {
      const less = small[--smalls]!
      const more = large[larges - 1]!
      this.#alias[less] = more
      const rest = this.#threshold[more]! - (1 - this.#threshold[less]!)
      this.#threshold[more] = rest
      if (rest < 1) {
        larges--
        small[smalls++] = more
      }
    }
    // What is left differs from 1 by rounding alone.
    while (larges > 0) this.#threshold[large[--larges]!] = 1
    while (smalls > 0) this.#threshold[small[--smalls]!] = 1
    for (let at = 0; at < length; at++) this.#threshold[at]! *= TWO_32
  }

  /** A thing's index; there must be one with a weight. */
  draw(random: Random): number {
    const column = random.below(this.#alias.length)
    return random.next() < this.#threshold[column]! ? column : this.#alias[column]!
  }
}
