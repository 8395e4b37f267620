// Look-ups in runs of very many intervals, where going through those that a window meets would take for ever: an address
// that changed hands a million times in an hour, met by records whose windows span it all.
//
//   longest    Int32   a binary tree over all intervals: node n has the place of the longest of nodes 2n and 2n + 1, of
//                      equals the greater place; leaf `size + at` is interval at          8 bytes an interval
//   places     Int32   the intervals of endpoint e, in order: places[starts[e], starts[e + 1])    4 bytes an interval
//
// Made only where a run is long: hours that a real cluster records have none.

import type { TimelineColumns } from './timeline-index.ts'

type Intervals = Pick<TimelineColumns, 'from' | 'until' | 'holders'>

export class LongRuns {
  readonly #intervals: Intervals
  readonly #size: number
  readonly #longest: Int32Array
  readonly #starts: Int32Array
  readonly #places: Int32Array

  constructor(intervals: Intervals) {
    const { holders } = intervals
    this.#intervals = intervals
    this.#size = holders.length
    this.#longest = new Int32Array(this.#size * 2)
    for (let at = 0; at < this.#size; at++) this.#longest[this.#size + at] = at
    for (let node = this.#size - 1; node > 0; node--) {
      this.#longest[node] = this.#longer(this.#longest[node * 2]!, this.#longest[node * 2 + 1]!)
    }

    const endpoints = holders.reduce((most, holder) => Math.max(most, holder + 1), 0)
    this.#starts = new Int32Array(endpoints + 1)
    for (const holder of holders) this.#starts[holder + 1]!++
    for (let endpoint = 0; endpoint < endpoints; endpoint++) {
      this.#starts[endpoint + 1]! += this.#starts[endpoint]!
    }
    this.#places = new Int32Array(this.#size)
    const next = this.#starts.slice()
    for (const [at, holder] of holders.entries()) this.#places[next[holder]!++] = at
  }

  /** The place of the longest of the intervals [from, to), at least one; of equals the greatest. */
  longest(from: number, to: number): number {
    let best = from
    let [low, high] = [from + this.#size, to + this.#size]
    for (; low < high; low >>>= 1, high >>>= 1) {
      if ((low & 1) === 1) best = this.#longer(best, this.#longest[low++]!)
      if ((high & 1) === 1) best = this.#longer(best, this.#longest[--high]!)
    }
    return best
  }

  /** Whether one of the intervals [from, to) is this endpoint's. */
  holds(endpoint: number, from: number, to: number): boolean {
    if (endpoint >= this.#starts.length - 1) return false
    const end = this.#starts[endpoint + 1]!
    let [low, high] = [this.#starts[endpoint]!, end]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#places[middle]! >= from) high = middle
      else low = middle + 1
    }
    return low < end && this.#places[low]! < to
  }

  #longer(a: number, b: number): number {
    const { from, until } = this.#intervals
    const [lengthA, lengthB] = [until[a]! - from[a]!, until[b]! - from[b]!]
    return lengthA > lengthB || (lengthA === lengthB && a > b) ? a : b
  }
}
