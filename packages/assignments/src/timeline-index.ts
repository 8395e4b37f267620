// The timeline as an index: who held which address when, as integers in columns.
//
// An address has an entry; an entry has up to three runs of intervals, one a kind, in the order in which kinds are
// asked. All runs lie in columns one behind the other:
//
//   entry e        runs[3e]  pods   runs[3e + 1]  nodes   runs[3e + 2]  interfaces   runs[3e + 3]
//   from, until              |----------|             |-------|              |---------|
//   holders                  endpoint ids, likewise
//
// Inside a run intervals are disjoint and sorted, so a look-up is a binary search; most runs hold one. Subnets hold
// their addresses at all times and are asked last. Times are milliseconds, windows half-open. Contract, section 4.
//
// Columns are all there is to it, so other threads can look up in the same memory.

import { HOUR_SECONDS, type Hour } from '@zonetoll/model'
import { AddressTable, NONE, type AddressColumns } from './address-table.ts'
import { BlockIndex, type BlockColumns } from './block-index.ts'
import { LongRuns } from './long-runs.ts'

/** A flow log's times may be this late, in milliseconds: who let an address go so shortly before still counts. */
export const LATENESS_MILLIS = 60_000

/** So many intervals that one window meets are gone through; more of them are asked of an index. */
const FEW = 32

export interface TimelineColumns {
  readonly addresses: AddressColumns
  readonly subnets: BlockColumns
  readonly runs: Int32Array
  readonly from: Float64Array
  readonly until: Float64Array
  readonly holders: Int32Array
}

export class TimelineIndex {
  readonly columns: TimelineColumns
  readonly #addresses: AddressTable
  readonly #subnets: BlockIndex
  readonly #runs: Int32Array
  readonly #from: Float64Array
  readonly #until: Float64Array
  readonly #holders: Int32Array
  /** Null where no run is long. */
  readonly #longRuns: LongRuns | null

  constructor(columns: TimelineColumns) {
    this.columns = columns
    this.#addresses = AddressTable.over(columns.addresses)
    this.#subnets = new BlockIndex(columns.subnets)
    this.#runs = columns.runs
    this.#from = columns.from
    this.#until = columns.until
    this.#holders = columns.holders
    const isLong = columns.runs.some((begin, run) => columns.runs[run + 1]! - begin > FEW)
    this.#longRuns = isLong ? new LongRuns(columns) : null
  }

  /** The entry of an IPv4 address, NONE where no pod, node or interface ever held it. */
  find4(value: number): number {
    return this.#addresses.find4(value)
  }

  /** The entry of the IPv6 address words[at .. at + 4), or NONE. */
  find6(words: ArrayLike<number>, at: number): number {
    return this.#addresses.find6(words, at)
  }

  /** The subnet with the longest prefix around an IPv4 address, as an endpoint id, or NONE. */
  subnet4(value: number): number {
    return this.#subnets.find4(value)
  }

  subnet6(words: ArrayLike<number>, at: number): number {
    return this.#subnets.find6(words, at)
  }

  /** Who held the entry's address in [start, until): a pod before a node before an interface; an endpoint id, or NONE. */
  holder(entry: number, start: number, until: number): number {
    const run = entry * 3
    const pod = this.#holderInRun(run, start, until)
    if (pod !== NONE) return pod
    const node = this.#holderInRun(run + 1, start, until)
    return node !== NONE ? node : this.#holderInRun(run + 2, start, until)
  }

  /** Whether more than one pod held the entry's address in [start - 60 s, until). */
  handedOver(entry: number, start: number, until: number): boolean {
    const begin = this.#runs[entry * 3]!
    const end = this.#runs[entry * 3 + 1]!
    if (end - begin < 2) return false
    const first = this.#firstEndingAfter(begin, end, start - LATENESS_MILLIS)
    return first + 1 < end && this.#from[first + 1]! < until
  }

  /** Whether this interface held the entry's address in [start, until), or let it go at most 60 s before. */
  interfaceHolds(entry: number, endpoint: number, start: number, until: number): boolean {
    const end = this.#runs[entry * 3 + 3]!
    const first = this.#firstEndingAfter(this.#runs[entry * 3 + 2]!, end, start - LATENESS_MILLIS - 1)
    for (let at = first; at < end && this.#from[at]! < until; at++) {
      if (at === first + FEW) return this.#longRuns!.holds(endpoint, at, this.#firstFrom(at, end, until))
      if (this.#holders[at] === endpoint) return true
    }
    return false
  }

  /**
   * By entry: the endpoint id that `holder` answers for every window that begins in the hour, where that is plain
   * without looking at the window and `handedOver` is false for all; else NONE.
   */
  steadyHolders(hour: Hour): Int32Array {
    const start = hour * 1000
    const until = (hour + HOUR_SECONDS) * 1000
    const steady = new Int32Array((this.#runs.length - 1) / 3).fill(NONE)
    for (let entry = 0; entry < steady.length; entry++) {
      // The first kind that held the address at all: no kind that is asked earlier can say otherwise.
      let run = entry * 3
      while (run < entry * 3 + 2 && this.#runs[run] === this.#runs[run + 1]) run++
      const at = this.#runs[run]!
      if (this.#runs[run + 1]! - at !== 1) continue
      if (this.#from[at]! <= start && this.#until[at]! >= until) steady[entry] = this.#holders[at]!
    }
    return steady
  }

  /** The ids of the pods that held an address at some moment of the hour. */
  podsIn(hour: Hour): ReadonlySet<number> {
    const start = hour * 1000
    const until = (hour + HOUR_SECONDS) * 1000
    const pods = new Set<number>()
    for (let run = 0; run < this.#runs.length - 1; run += 3) {
      for (let at = this.#runs[run]!; at < this.#runs[run + 1]!; at++) {
        if (this.#from[at]! < until && this.#until[at]! > start) pods.add(this.#holders[at]!)
      }
    }
    return pods
  }

  // Who held it longest in the window (a tie: who began later); else who let it go last, at most 60 s before.
  #holderInRun(run: number, start: number, until: number): number {
    const begin = this.#runs[run]!
    const end = this.#runs[run + 1]!
    if (begin === end) return NONE
    const first = this.#firstEndingAfter(begin, end, start)
    let longest = 0
    let holder = NONE
    for (let at = first; at < end && this.#from[at]! < until; at++) {
      if (at === first + FEW) return this.#holderOfMany(first, this.#firstFrom(at, end, until), start, until)
      const held = Math.min(this.#until[at]!, until) - Math.max(this.#from[at]!, start)
      if (held >= longest) {
        longest = held
        holder = this.#holders[at]!
      }
    }
    if (holder !== NONE) return holder
    return first > begin && this.#until[first - 1]! >= start - LATENESS_MILLIS
      ? this.#holders[first - 1]!
      : NONE
  }

  // The same for the intervals [first, end) that the window meets: all but the outermost lie in it whole.
  #holderOfMany(first: number, end: number, start: number, until: number): number {
    const last = end - 1
    const inner = this.#longRuns!.longest(first + 1, last)
    const held = (at: number) => Math.min(this.#until[at]!, until) - Math.max(this.#from[at]!, start)
    const earlier = held(inner) >= held(first) ? inner : first
    return this.#holders[held(last) >= held(earlier) ? last : earlier]!
  }

  // The first interval of [begin, end) that begins at a moment or later; `end` where none does.
  #firstFrom(begin: number, end: number, moment: number): number {
    let low = begin
    let high = end
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#from[middle]! >= moment) high = middle
      else low = middle + 1
    }
    return low
  }

  // The first interval of [begin, end) that ends after a moment; `end` where none does.
  #firstEndingAfter(begin: number, end: number, moment: number): number {
    let low = begin
    let high = end
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#until[middle]! > moment) high = middle
      else low = middle + 1
    }
    return low
  }
}
