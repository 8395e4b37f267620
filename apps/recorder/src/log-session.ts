// A recorder's life: what the log last said, then what the cluster says, until it is told to stop.
//
//   start   deliver what an earlier life left on disk -> read the newest partitions back into the book
//           -> inventory -> watch
//   all the while   every --flush and at each hour's start: book -> objects -> store
//   stop    the watch ends -> last flush -> deliver, for some seconds -> what is left goes to disk
//
// Told to stop, it is done within 10 s, whatever the store does.

import { setTimeout as sleep } from 'node:timers/promises'

import { HOUR_SECONDS, hourOf, type Hour, type UnixMillis } from '@zonetoll/model'
import { StoreError, type Location } from '@zonetoll/objects'
import { InMemoryBook, type BookCounts } from './book-in-memory.ts'
import { Inventory } from './inventory-refresh.ts'
import type { ZoneIds } from './inventory-lines.ts'
import { Delivery } from './log-delivery.ts'
import { LogWriter, LOOK_BACK_HOURS } from './log-writer.ts'
import { foldPartitions, newestPartitions } from './partition-restore.ts'
import { SpillFolder } from './spill-folder.ts'

export interface SessionOptions {
  readonly location: Location
  readonly cluster: string
  readonly spill: string
  /** Pods of these are recorded; empty: all. */
  readonly namespaces: readonly string[]
  readonly flushMillis: number
  /** Null: EC2 isn't asked. */
  readonly inventory: { readonly everyMillis: number; readonly vpcId: string | null } | null
  readonly clock: () => UnixMillis
  /** Something is wrong, or right again. */
  readonly warn: (message: string) => void
  /** What it does, for those who look on. */
  readonly say: (message: string) => void
}

/** What fills the book: until the signal is aborted, or once. */
export type Watch = (book: InMemoryBook, zones: ZoneIds, signal: AbortSignal) => Promise<void>

export interface SessionSummary {
  readonly holding: BookCounts
  /** The last object that was delivered, in full; null where none was. */
  readonly object: string | null
  /** What couldn't be delivered, and where it is; null where everything was. */
  readonly problem: string | null
}

const MEMORY_BYTES = 16 * 2 ** 20
const FIRST_INVENTORY_MILLIS = 15_000
const WATCH_END_MILLIS = 1_500
const LAST_DELIVERY_MILLIS = 5_000
const RETRY_MILLIS = 10_000
const PASSING_PROBLEMS: ReadonlySet<string> = new Set(['unreachable', 'busy', 'full', 'stalled', 'cut'])

/** Watches and writes until the signal is aborted or the watch ends. Rejects with what the watch rejected with, when all is written. */
export async function recordContinuously(
  options: SessionOptions,
  watch: Watch,
  signal: AbortSignal,
): Promise<SessionSummary> {
  const session = await startPatiently(options, signal)
  if (session === null) return { holding: new InMemoryBook().counts(), object: null, problem: null }
  const ended = new AbortController()
  const ending = AbortSignal.any([signal, ended.signal])
  const inventory = session.keepInventory(ending)
  const flushing = session.keepFlushing(ending)
  flushing.catch(() => {})
  let failure: { readonly error: unknown } | null = null
  try {
    await Promise.race([inventory.first, pause(FIRST_INVENTORY_MILLIS, ending)])
    const watching = watch(session.book, session.zones, ending)
    // A watch that doesn't end in time is left behind: what it brought is in the book.
    const late = aborted(ending).then(() => sleep(WATCH_END_MILLIS, undefined, { ref: false }))
    watching.catch(() => {})
    // Flushing that fails ends all; told to stop it ends before the watch does.
    await Promise.race([watching, late, flushing.then(() => late)])
  } catch (error) {
    if (!signal.aborted) failure = { error }
  }
  ended.abort()
  await flushing.catch(() => {})
  const summary = await session.finish()
  if (failure !== null) throw failure.error
  return summary
}

/** Takes one snapshot, writes what it changes, and waits until it is delivered. */
export async function recordOnce(
  options: SessionOptions,
  snapshot: Watch,
  signal: AbortSignal,
): Promise<SessionSummary> {
  const session = await Session.start(options, signal)
  await session.inventory?.refresh(signal)
  await snapshot(session.book, session.zones, signal)
  return await session.finish()
}

// A store that is away for a while isn't a reason not to start; a wrong name or a missing permission is.
async function startPatiently(options: SessionOptions, signal: AbortSignal): Promise<Session | null> {
  for (let said = false; ; said = true) {
    try {
      return await Session.start(options, signal)
    } catch (error) {
      if (signal.aborted) return null
      if (!(error instanceof StoreError && PASSING_PROBLEMS.has(error.reason))) throw error
      if (!said)
        options.warn(`what the log last said can't be read: ${error.message}; asking again until it can`)
      await pause(RETRY_MILLIS, signal)
    }
  }
}

class Session {
  readonly book: InMemoryBook
  readonly inventory: Inventory | null
  readonly zones: ZoneIds
  readonly #options: SessionOptions
  readonly #delivery: Delivery
  readonly #deliveries = new AbortController()
  readonly #writer: LogWriter
  readonly #spill: SpillFolder

  static async start(options: SessionOptions, signal: AbortSignal): Promise<Session> {
    const { clock, location, namespaces, say, warn } = options
    const spill = new SpillFolder(options.spill, location.uri)
    const delivery = new Delivery({
      store: location.store,
      spill,
      clock,
      warn,
      memoryBytes: MEMORY_BYTES,
      memoryMillis: options.flushMillis,
    })
    await delivery.deliver(signal)
    const book = new InMemoryBook()
    const reading = { location, cluster: options.cluster, warn, signal }
    const partitions = await newestPartitions(clock(), LOOK_BACK_HOURS, reading)
    const { lines, lastSeen } = await foldPartitions(partitions, reading)
    const ours = lines.filter(line => {
      // Not another recorder's pods, nor what nobody would keep fresh here.
      if (line.kind === 'pod') return namespaces.length === 0 || namespaces.includes(line.namespace)
      return options.inventory !== null || (line.kind !== 'interface' && line.kind !== 'subnet')
    })
    book.restore(ours, lastSeen)
    const restored = partitions[0]?.hour ?? null
    // The book says of both partitions what they say, if there is no gap between them.
    const before = partitions[1]?.hour ?? null
    const first = before !== null && before + HOUR_SECONDS === restored ? before : restored
    if (restored === null)
      say(`the log says nothing of ${options.cluster} in the last ${LOOK_BACK_HOURS} hours: it begins now`)
    else say(`${book.size} things are known from the log`)
    return new Session(options, { spill, delivery, book, first, restored })
  }

  private constructor(
    options: SessionOptions,
    started: {
      readonly spill: SpillFolder
      readonly delivery: Delivery
      readonly book: InMemoryBook
      readonly first: Hour | null
      readonly restored: Hour | null
    },
  ) {
    const { book, delivery, first, restored, spill } = started
    const { clock, cluster, inventory, location, warn } = options
    this.#options = options
    this.#spill = spill
    this.#delivery = delivery
    this.book = book
    this.#writer = new LogWriter({ book, delivery, location, cluster, clock, first, restored })
    this.inventory = inventory === null ? null : new Inventory({ book, vpcId: inventory.vpcId, clock, warn })
    this.zones = this.inventory ?? zonesOf(book)
  }

  /** Asks EC2 now and from time to time; `first` is over when the first answers are in. */
  keepInventory(signal: AbortSignal): { readonly first: Promise<void> } {
    const { inventory } = this
    if (inventory === null || this.#options.inventory === null) return { first: Promise.resolve() }
    const { everyMillis } = this.#options.inventory
    const refreshed = () =>
      inventory.refresh(signal).catch((error: unknown) => this.#unlessAborted(error, signal))
    const first = refreshed()
    const goOn = async () => {
      await first
      for (;;) {
        await pause(everyMillis, signal)
        if (signal.aborted) return
        await refreshed()
      }
    }
    void goOn()
    return { first }
  }

  /** Flushes and delivers until the signal is aborted. */
  async keepFlushing(signal: AbortSignal): Promise<void> {
    const { clock, flushMillis } = this.#options
    let due = performance.now() + flushMillis
    while (!signal.aborted) {
      const now = clock()
      const nextHour = (hourOf(now / 1000) + HOUR_SECONDS) * 1000
      await pause(Math.max(0, Math.min(due - performance.now(), nextHour - now)), signal)
      if (signal.aborted) return
      due = performance.now() + flushMillis
      await this.#flush()
    }
  }

  /** The last flush: delivers what it can in some seconds and puts the rest on disk. */
  async finish(): Promise<SessionSummary> {
    await this.#writer.flush()
    // The first call may join one that was under way, and failed for what was before.
    const delivering = this.#deliver().then(done => done || this.#deliver())
    await Promise.race([delivering, pause(LAST_DELIVERY_MILLIS, this.#deliveries.signal)])
    this.#deliveries.abort()
    await this.#delivery.spill('anyway')
    const { delivered } = this.#delivery
    return {
      holding: this.book.counts(),
      object: delivered === null ? null : this.#options.location.store.describe(delivered.key),
      problem: await this.#undelivered(),
    }
  }

  async #undelivered(): Promise<string | null> {
    const { path } = this.#spill
    const lost = this.#delivery.inMemory.objects
    if (lost > 0) {
      return `${lost} objects of the assignment log could neither be written nor kept in ${path}: the next start finds out anew what holds, not what they said besides`
    }
    const waiting = (await this.#spill.waiting()).length
    if (waiting === 0) return null
    return `${waiting} objects of the assignment log couldn't be written and wait in ${path}: the next start with this --spill writes them`
  }

  async #flush(): Promise<void> {
    await this.#writer.flush()
    // Not waited for: a store that is slow or away mustn't hold up the next flush.
    void this.#deliver()
    await this.#delivery.spill()
  }

  #deliver(): Promise<boolean> {
    return this.#delivery.deliver(this.#deliveries.signal)
  }

  #unlessAborted(error: unknown, signal: AbortSignal): void {
    if (!signal.aborted)
      this.#options.warn(`the inventory failed: ${error instanceof Error ? error.message : String(error)}`)
  }
}

function zonesOf(book: InMemoryBook): ZoneIds {
  const zones = new Map<string, ReturnType<ZoneIds['idOf']>>()
  for (const line of book.lines())
    if (line.kind === 'zone') zones.set(line.name, line.uid as ReturnType<ZoneIds['idOf']>)
  return { idOf: name => zones.get(name) ?? null }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise(resolve => {
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

// Ends early, without an error, when the signal aborts.
async function pause(millis: number, signal: AbortSignal): Promise<void> {
  await sleep(millis, undefined, { signal }).catch(() => {})
}
