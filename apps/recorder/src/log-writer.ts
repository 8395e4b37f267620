// From the book to objects of the log: which lines go into which hour's partition, and when.
//
//   flush at 10:05   changes since the last flush         -> hour=10/
//   flush at 11:00   changes since the last flush         -> hour=10/
//                    everything that hour 11 must know     -> hour=11/
//   after a gap      the same for every hour of it        -> hour=11/ hour=12/ hour=13/
//
// Throughout, for each hour from `first` to the current one: the fold of its partition says of the hour's window what
// the book said at the last flush. An hour's first object is everything that held in its window; later objects are
// changes, told to the hours whose window they touch (partition-window.ts). So each partition stands for itself.
//
// In a quiet cluster a single line now and then says up to when the recorder has seen: that is what `--status` reads.

import type { AssignmentLine } from '@zonetoll/assignments'
import { HOUR_SECONDS, hourOf, type Hour, type UnixMillis } from '@zonetoll/model'
import { hourPartition, type Location } from '@zonetoll/objects'
import type { InMemoryBook } from './book-in-memory.ts'
import type { Delivery } from './log-delivery.ts'
import { packLines, PartitionNames } from './partition-object.ts'
import { concerns, hoursToTell, LEAD_MILLIS } from './partition-window.ts'

/** How far back partitions are read, filled in and corrected. */
export const LOOK_BACK_HOURS = 24

/** At the latest so long after the last line another one says up to when was seen, in milliseconds. */
const SIGN_OF_LIFE_MILLIS = 120_000

export interface LogWriterOptions {
  readonly book: InMemoryBook
  readonly delivery: Delivery
  readonly location: Location
  readonly cluster: string
  readonly clock: () => UnixMillis
  /** The hours of the oldest and newest partition that the book was restored from, null where there was none. */
  readonly first: Hour | null
  readonly restored: Hour | null
}

export class LogWriter {
  readonly #options: LogWriterOptions
  readonly #names = new PartitionNames()
  /** The oldest hour whose partition is kept right. */
  #first: Hour
  /** The newest hour that has a partition. */
  #current: Hour
  #isStart = true
  #toldAt = 0
  #signOfLife: UnixMillis = 0 as UnixMillis
  #flushing: Promise<void> = Promise.resolve()

  constructor(options: LogWriterOptions) {
    this.#options = options
    const now = hourOf(options.clock() / 1000)
    const { first, restored } = options
    this.#first = first === null ? now : (Math.min(first, now) as Hour)
    this.#current = restored === null ? ((now - HOUR_SECONDS) as Hour) : (Math.min(restored, now) as Hour)
  }

  /** Hands over to the delivery what the log must know by now. Concurrent calls run one after another. */
  flush(): Promise<void> {
    const flushed = this.#flushing.then(() => this.#flush())
    this.#flushing = flushed.catch(() => {})
    return flushed
  }

  async #flush(): Promise<void> {
    const { book, clock } = this.#options
    const now = clock()
    // A clock that is set back doesn't reopen an hour.
    const current = Math.max(hourOf(now / 1000), this.#current) as Hour
    const previous = this.#current
    this.#first = Math.max(this.#first, current - LOOK_BACK_HOURS * HOUR_SECONDS) as Hour
    this.#current = current

    const told = new Map<Hour, AssignmentLine[]>()
    for (const change of book.takeChanges()) {
      for (const hour of hoursToTell(change, this.#first, previous, now)) {
        const lines = told.get(hour)
        if (lines === undefined) told.set(hour, [change.after])
        else lines.push(change.after)
      }
    }
    for (const [hour, lines] of told) await this.#write(hour, lines, now)
    // At the start the current hour is written in full too, though there is a partition: its writer may have died early.
    const oldest = this.#isStart ? Math.min(previous + HOUR_SECONDS, current) : previous + HOUR_SECONDS
    this.#isStart = false
    for (
      let hour = Math.max(oldest, this.#first) as Hour;
      hour <= current;
      hour = (hour + HOUR_SECONDS) as Hour
    ) {
      await this.#write(hour, linesOf(book, hour), now)
    }
    if (current === previous && told.size === 0) await this.#giveSignOfLife(now)
    book.forget(((current + HOUR_SECONDS) * 1000 - LEAD_MILLIS) as UnixMillis)
  }

  async #giveSignOfLife(now: UnixMillis): Promise<void> {
    if (now - this.#toldAt < SIGN_OF_LIFE_MILLIS) return
    const latest = this.#options.book.signOfLife()
    if (latest === null || latest.seen <= this.#signOfLife) return
    this.#signOfLife = latest.seen
    await this.#write(this.#current, [latest], now)
  }

  async #write(hour: Hour, lines: Iterable<AssignmentLine>, now: UnixMillis): Promise<void> {
    const { cluster, delivery, location } = this.#options
    const counted = new CountedLines(lines)
    const bytes = await packLines(counted)
    if (counted.count === 0) return
    const key = location.prefix + hourPartition(cluster, hour) + this.#names.next(now)
    delivery.add({ key, bytes })
    this.#toldAt = now
  }
}

class CountedLines implements Iterable<AssignmentLine> {
  count = 0
  readonly #lines: Iterable<AssignmentLine>

  constructor(lines: Iterable<AssignmentLine>) {
    this.#lines = lines
  }

  *[Symbol.iterator](): Generator<AssignmentLine> {
    for (const line of this.#lines) {
      this.count++
      yield line
    }
  }
}

function* linesOf(book: InMemoryBook, hour: Hour): Generator<AssignmentLine> {
  for (const line of book.lines()) if (concerns(line, hour)) yield line
}
