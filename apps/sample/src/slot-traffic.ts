// What can be drawn in one slot, and the window that a drawn record gets.
//
// A pair whose ends stand throughout may have any window. One with a pod that comes or goes has windows of four kinds:
//
//   pod before  |-----------)   gap   [-------------|  pod after
//   within          [--)                  [--)          all of the window is the pod's
//   late                     [--)                       nobody's time, at most 60 s after: still the pod before's
//   from before         [---------------------)         more of it the pod after's, or as much: the pod after's
//   into next       [--------------------)              more of it the pod before's: the pod before's
//
// Which pod a record belongs to is decided here, before its line is written. Contract, section 4.

import { NOBODY } from './cluster.ts'
import type { Occupancy } from './churn.ts'
import type { ObjectPlan } from './objects.ts'
import type { Random } from './random.ts'
import type { ChangingTraffic, Traffic } from './traffic.ts'
import { WeightedChoice } from './weighted-choice.ts'

// Windows are at most 60 s; an object may hold some that ended so long before its slot, and a few that end after it.
const LONGEST = 60
const BEFORE = 45
const AFTER = 10
/** Flow-log times may be this late. */
const LATENESS = 60
const LATE_WEIGHT = 0.15
const ACROSS_WEIGHT = 0.1

const WITHIN = 0
const LATE = 1
const FROM_BEFORE = 2
const INTO_NEXT = 3

export class SlotTraffic {
  readonly changing: ChangingTraffic | null
  readonly #from: number
  readonly #until: number
  readonly #earliest: number
  // The first second in which a late window may begin.
  readonly #firstLate: number
  readonly #steady: WeightedChoice
  readonly #entryPair: Int32Array
  readonly #entryKind: Uint8Array
  readonly #entries: WeightedChoice
  readonly #steadyShare: number
  /** What was drawn last: [start, end] in Unix seconds, and whether more than one pod held an address around it. */
  start = 0
  end = 0
  handedOver = false

  /** `hasEnd`: the format says when windows end; else a record speaks of its start alone. */
  constructor(
    steady: WeightedChoice,
    changing: ChangingTraffic | null,
    { from, until, earliest }: ObjectPlan,
    hasEnd: boolean,
  ) {
    this.changing = changing
    this.#steady = steady
    this.#from = from
    this.#until = until
    this.#earliest = earliest
    this.#firstLate = Math.max(from - BEFORE, earliest)
    const pairs: number[] = []
    const kinds: number[] = []
    const weights: number[] = []
    const seconds = until - from
    const add = (pair: number, kind: number, weight: number) => {
      pairs.push(pair)
      kinds.push(kind)
      weights.push(weight)
    }
    for (let pair = 0; pair < (changing?.pairs.size ?? 0); pair++) {
      const { pairs: table, occupancies, current } = changing!
      const index = table.occupancy[pair]!
      const one = occupancies[index]!
      const weight = table.weight[pair]!
      // Events are as frequent in a long slot as in a short one.
      const eventWeight = weight * (300 / seconds)
      if (lastLate(one, until) >= Math.max(one.until, this.#firstLate))
        add(pair, LATE, eventWeight * LATE_WEIGHT)
      if (index >= current) continue
      const held = Math.min(one.until, until) - Math.max(one.pod.from, from)
      if (held > 1) add(pair, WITHIN, (weight * held) / seconds)
      if (!hasEnd) continue
      if (isInside(one.pod.from, from, until) && one.pod.from - one.previousUntil <= LONGEST - 3) {
        add(pair, FROM_BEFORE, eventWeight * ACROSS_WEIGHT)
      }
      if (isInside(one.nextFrom, from, until) && one.nextFrom - one.until <= LONGEST - 3) {
        add(pair, INTO_NEXT, eventWeight * ACROSS_WEIGHT)
      }
    }
    this.#entryPair = Int32Array.from(pairs)
    this.#entryKind = Uint8Array.from(kinds)
    this.#entries = new WeightedChoice(weights, weights.length)
    this.#steadyShare = steady.total / (steady.total + this.#entries.total)
  }

  /** A pair of the changing traffic with its window, or NOBODY: then one of the steady traffic is meant. */
  drawChanging(random: Random): number {
    if (this.#entryPair.length === 0 || random.chance(this.#steadyShare)) return NOBODY
    const entry = this.#entries.draw(random)
    const pair = this.#entryPair[entry]!
    const { pairs, occupancies } = this.changing!
    const one = occupancies[pairs.occupancy[pair]!]!
    switch (this.#entryKind[entry]) {
      case LATE:
        this.#drawLate(one, random)
        break
      case FROM_BEFORE:
        this.#drawAcross(one.previousUntil, one.pod.from, false, random)
        break
      case INTO_NEXT:
        this.#drawAcross(one.until, one.nextFrom, true, random)
        break
      default:
        this.#drawWithin(one, random)
    }
    return pair
  }

  /** A pair of the steady traffic, without a window. */
  pickSteady(random: Random): number {
    return this.#steady.draw(random)
  }

  /** Any window of the slot, for ends that stand throughout. */
  drawWindow(random: Random): void {
    this.handedOver = false
    const roll = random.next()
    const kind = roll >>> 25
    if (kind === 0) {
      // A late clock: it ends, and begins, just after the slot.
      this.start = this.#until + random.below(AFTER)
      this.end = this.start + random.below(3)
      return
    }
    this.end =
      kind < 10 ? this.#from - 1 - random.below(BEFORE) : this.#from + random.below(this.#until - this.#from)
    this.end = Math.max(this.end, this.#earliest)
    this.start = Math.max(this.end - duration(roll), this.#earliest)
  }

  #drawWithin({ pod, until, previousUntil }: Occupancy, random: Random): void {
    const firstEnd = Math.max(this.#from, pod.from)
    const lastEnd = Math.min(this.#until, until) - 1
    this.end = random.between(firstEnd, lastEnd)
    this.start = Math.max(pod.from, this.end - duration(random.next()), this.#earliest)
    // The pod before still held the address within the minute before the window.
    this.handedOver = previousUntil + LATENESS > this.start
  }

  #drawLate(one: Occupancy, random: Random): void {
    const lastEnd = Math.min(one.nextFrom, this.#until) - 1
    this.start = random.between(Math.max(one.until, this.#firstLate), lastLate(one, this.#until))
    this.end = Math.min(lastEnd, this.start + duration(random.next()))
    this.handedOver = false
  }

  // A window over both pods; the first has more of it, or the second at least as much.
  #drawAcross(until: number, from: number, first: boolean, random: Random): void {
    const seconds = LONGEST - (from - until)
    const less = random.between(1, Math.floor((seconds - 1) / 2))
    const more = random.between(first ? less + 1 : less, seconds - less)
    this.start = until - (first ? more : less)
    this.end = from + (first ? less : more) - 1
    this.handedOver = true
  }
}

/** The choice among steady pairs, the same in every slot. */
export function steadyChoice({ steady }: Traffic): WeightedChoice {
  return new WeightedChoice(steady.weight, steady.size)
}

// The last second in which a late window may begin: at most LATENESS after the address is let go, before the next pod
// has it.
function lastLate({ until, nextFrom }: Occupancy, slotUntil: number): number {
  return Math.min(until + LATENESS, Math.min(nextFrom, slotUntil) - 1)
}

// Whether a window across the moment ends in the slot wherever it lies.
function isInside(moment: number, from: number, until: number): boolean {
  return moment >= from && moment + LONGEST <= until
}

// 0 to 59 seconds, half a minute for the most part.
function duration(roll: number): number {
  return Math.min(LONGEST - 1, (roll & 31) + ((roll >>> 5) & 31))
}
