import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { LatestSightings, NONE, Timeline } from '@zonetoll/assignments'
import { HOUR_SECONDS, hourOf, type Hour, type UnixMillis } from '@zonetoll/model'
import type { Location } from '@zonetoll/objects'

import {
  addressOf,
  at,
  folderLocation,
  partitionLines,
  podLine,
  scratchFolder,
  startLog,
  type TestLog,
} from './log-fixture.ts'

// The plain twin: who holds what by what the recorder was told, in the simplest words.

interface Told {
  readonly uid: string
  readonly address: string
  readonly from: number
  readonly until: number
}

const ADDRESSES = ['10.0.1.1', '10.0.1.2', '10.0.1.3', '2600:1f16::1', '2600:1f16::2']

/** Who held the address at the moment, of what the hour's partition has to say. */
function plainHolder(told: readonly Told[], hour: Hour, address: string, moment: number): string | null {
  const start = hour * 1000 - 60_000
  const end = (hour + HOUR_SECONDS) * 1000
  const claims = told
    .filter(one => one.address === address && one.from < one.until && one.from < end && one.until >= start)
    .sort((a, b) => a.from - b.from)
  const cut: Told[] = []
  for (const [index, one] of claims.entries()) {
    cut.push({ ...one, until: Math.min(one.until, claims[index + 1]?.from ?? Infinity) })
  }
  const holding = cut.find(one => one.from <= moment && moment < one.until)
  if (holding !== undefined) return holding.uid
  const released = cut.filter(one => one.until <= moment && one.until >= moment - 60_000)
  return released.at(-1)?.uid ?? null
}

type Step =
  | { readonly do: 'start' | 'start unseen'; readonly address: number; readonly lag: number }
  | {
      readonly do: 'finish' | 'delete' | 'vanish' | 'relabel' | 'touch'
      readonly pod: number
      readonly lag: number
    }
  | { readonly do: 'relist' | 'flush' | 'restart' | 'kill' }
  | { readonly do: 'wait'; readonly seconds: number }
  | { readonly do: 'wait for the hour'; readonly past: number }

const lag = fc.integer({ min: 0, max: 90_000 })
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('start' as const), address: fc.nat(), lag }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('start unseen' as const), address: fc.nat(), lag }) },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constantFrom(
        'finish' as const,
        'delete' as const,
        'vanish' as const,
        'relabel' as const,
        'touch' as const,
      ),
      pod: fc.nat(),
      lag,
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constantFrom('relist' as const, 'flush' as const, 'flush' as const) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('restart' as const, 'kill' as const) }) },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant('wait' as const), seconds: fc.integer({ min: 1, max: 600 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('wait' as const), seconds: fc.integer({ min: 600, max: 9_000 }) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('wait for the hour' as const),
      past: fc.integer({ min: -70, max: 70 }),
    }),
  },
)

interface ServerPod {
  readonly uid: string
  readonly address: string
  readonly from: number
  /** When it ended by itself; Infinity while it runs. */
  until: number
}

/** A cluster with few addresses, a recorder of it, and what it was told. */
class Life {
  now = at('2024-05-01T10:20:00Z')
  readonly #location: Location
  readonly #spill: string
  readonly #server = new Map<string, ServerPod>()
  #told = new Map<string, Told>()
  #flushed = new Map<string, Told>()
  /** What was told of an hour when its partition went out of the recorder's reach. */
  readonly #frozen = new Map<Hour, readonly Told[]>()
  #log: TestLog | null = null
  #count = 0
  readonly firstHour = hourOf(this.now / 1000)
  #reach: Hour = this.firstHour
  readonly done = new Set<string>()

  constructor(location: Location, spill: string) {
    this.#location = location
    this.#spill = spill
  }

  async start(): Promise<void> {
    this.#log = await startLog({ location: this.#location, spill: this.#spill, clock: () => this.now })
  }

  get #book() {
    return this.#log!.book
  }

  async take(one: Step): Promise<void> {
    this.done.add(one.do)
    switch (one.do) {
      case 'start':
      case 'start unseen':
        return this.#start(one.address, one.lag, one.do === 'start')
      case 'finish':
      case 'delete':
      case 'vanish':
      case 'relabel':
      case 'touch':
        return this.#change(one.do, one.pod, one.lag)
      case 'relist':
        return this.#relist()
      case 'flush':
        return await this.flush()
      case 'restart':
        await this.flush()
        return await this.#restart()
      case 'kill':
        this.#told = new Map(this.#flushed)
        return await this.#restart()
      case 'wait':
        this.now = (this.now + one.seconds * 1000) as UnixMillis
        return
      case 'wait for the hour': {
        const hour = hourOf(this.now / 1000) + HOUR_SECONDS
        this.now = Math.max(this.now + 1, (hour + one.past) * 1000) as UnixMillis
        return
      }
    }
  }

  #start(choice: number, late: number, seen: boolean): void {
    // Free for the cluster and, as far as the recorder knows: an address isn't given away before its release is told.
    const taken = new Set(
      [...this.#server.values()].filter(pod => pod.until === Infinity).map(pod => pod.address),
    )
    const last = new Map<string, number>()
    for (const { address, until } of this.#told.values()) {
      if (until === Infinity) taken.add(address)
      last.set(address, Math.max(last.get(address) ?? 0, until))
    }
    const free = ADDRESSES.filter(address => !taken.has(address))
    const address = free[choice % Math.max(1, free.length)]
    if (address === undefined) return
    const from = Math.max(this.now - late, last.get(address) ?? 0)
    const pod = { uid: `pod-${this.#count++}`, address, from, until: Infinity }
    if (pod.from > this.now) return
    this.#server.set(pod.uid, pod)
    if (seen) this.#put(pod)
  }

  #change(what: 'finish' | 'delete' | 'vanish' | 'relabel' | 'touch', choice: number, late: number): void {
    const pods = [...this.#server.values()]
    const pod = pods[choice % Math.max(1, pods.length)]
    if (pod === undefined) return
    const known = this.#told.get(pod.uid)
    const end = Math.max(pod.from + 1, this.now - late)
    if (what === 'vanish') this.#server.delete(pod.uid)
    else if (what === 'delete') {
      this.#server.delete(pod.uid)
      this.#book.release('pod', pod.uid, end as UnixMillis, this.now)
      if (known !== undefined) this.#told.set(pod.uid, { ...known, until: Math.min(known.until, end) })
    } else if (known !== undefined) {
      if (what === 'finish' && pod.until === Infinity) pod.until = end
      this.#put(pod, what === 'relabel' ? new Map([['turn', String(this.#count++)]]) : undefined)
    }
  }

  #put(pod: ServerPod, labels: ReadonlyMap<string, string> = new Map()): void {
    this.#told.set(pod.uid, { ...pod })
    this.#book.put(this.#lineOf(pod, labels))
  }

  #lineOf({ uid, address, from, until }: ServerPod, labels: ReadonlyMap<string, string> = new Map()) {
    const addresses = [addressOf(address)]
    return podLine(uid, {
      addresses,
      from: from as UnixMillis,
      until: until as UnixMillis,
      seen: this.now,
      labels,
    })
  }

  #relist(): void {
    for (const known of this.#told.values()) {
      if (!this.#server.has(known.uid) && known.until === Infinity)
        this.#told.set(known.uid, { ...known, until: this.now })
    }
    for (const pod of this.#server.values()) this.#told.set(pod.uid, { ...pod })
    const lines = [...this.#server.values()].map(pod => this.#lineOf(pod))
    this.#book.replace('pod', lines, this.now)
  }

  async flush(): Promise<void> {
    expect(await this.#log!.flush()).toBe(true)
    this.#flushed = new Map(this.#told)
  }

  async #restart(): Promise<void> {
    // The new life keeps the newest partition right, and the one before it.
    const newest = await this.#newestHour()
    const before = (newest - HOUR_SECONDS) as Hour
    const hasBefore = before >= this.#reach && (await partitionLines(this.#location, before)).length > 0
    const reach = hasBefore ? before : Math.max(this.#reach, newest)
    for (let hour = this.#reach; hour < reach; hour = (hour + HOUR_SECONDS) as Hour) {
      this.#frozen.set(hour, [...this.#told.values()])
    }
    this.#reach = reach as Hour
    await this.start()
    this.#relist()
  }

  async #newestHour(): Promise<Hour> {
    for (let hour = hourOf(this.now / 1000); hour >= this.firstHour; hour = (hour - HOUR_SECONDS) as Hour) {
      if ((await partitionLines(this.#location, hour)).length > 0) return hour
    }
    return hourOf(this.now / 1000)
  }

  /** Holds every hour's partition against what was told: how many moments were compared. */
  async check(): Promise<number> {
    let compared = 0
    const current = hourOf(this.now / 1000)
    for (let hour = this.firstHour; hour <= current; hour = (hour + HOUR_SECONDS) as Hour) {
      const told = this.#frozen.get(hour) ?? [...this.#told.values()]
      const fold = new LatestSightings()
      for (const line of await partitionLines(this.#location, hour)) fold.add(line)
      const timeline = new Timeline(fold.lines(), { appLabels: [] })
      const start = hour * 1000
      const end = (hour + HOUR_SECONDS) * 1000
      const edges = told.flatMap(({ from, until }) => [
        from - 1,
        from,
        until - 1,
        until,
        until + 59_999,
        until + 60_001,
      ])
      const moments = [start, start + 1, end - 1, ...edges].filter(moment => moment >= start && moment < end)
      for (const address of ADDRESSES) {
        const { family, words } = addressOf(address)
        const entry = family === 4 ? timeline.find4(words[0]) : timeline.find6(words, 0)
        for (const moment of moments) {
          const holder = entry === NONE ? NONE : timeline.holder(entry, moment, moment + 1)
          const got = holder === NONE ? null : timeline.endpoints[holder]!.uid
          const expected = plainHolder(told, hour, address, moment)
          expect({ hour, address, moment: new Date(moment).toISOString(), uid: got }).toEqual({
            hour,
            address,
            moment: new Date(moment).toISOString(),
            uid: expected,
          })
          compared++
        }
      }
    }
    return compared
  }
}

describe('the log, over random lives of a recorder', () => {
  let folder: Awaited<ReturnType<typeof scratchFolder>>
  beforeAll(async () => {
    folder = await scratchFolder()
  })
  afterAll(() => folder.remove())

  test("the fold of each hour's partition says who held an address as the plain twin does", async () => {
    let runs = 0
    let compared = 0
    const done = new Set<string>()
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 80 }), async steps => {
        const path = `${folder.path}/${runs++}`
        const life = new Life(folderLocation(path), `${path}/spill`)
        await life.start()
        for (const one of steps) await life.take(one)
        await life.flush()
        compared += await life.check()
        for (const what of life.done) done.add(what)
      }),
      { seed: 20240501, numRuns: 200 },
    )
    expect(done.size).toBe(13)
    expect(compared).toBeGreaterThan(10_000)
  })
})
