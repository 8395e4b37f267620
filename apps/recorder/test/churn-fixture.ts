// Churn: a cluster that lives at a rate, faults at random, and at the end the folded log against the truth.
//
// What no watch could tell is excused, and nothing else:
//   gap   after a compaction that cuts the watches, until the next list is through: pods that came and went in it are
//         invisible, pods that went in it ended some time until the list
//   told  an end that no object says is seen when the deletion is: a little later

import { setTimeout as sleep } from 'node:timers/promises'

import type { PodLine } from '@zonetoll/assignments'
import { formatAddress } from '@zonetoll/model'

import { seeded, type ClusterLife, type TrueInterval } from '../../../test/servers/kube-api-life.ts'
import type { KubeApi, KubeFault } from '../../../test/servers/kube-api.ts'

/** What was written this long before the last watch fell silent may have reached nobody. */
const IN_FLIGHT_MILLIS = 1_000
/** How long after a deletion it may be seen: the longest fault, and the waits after it. */
const LATE_MILLIS = 5_000
const TURN_MILLIS = 20

interface Gap {
  readonly from: number
  readonly cutAt: number
  until: number
}

const FAULTS = ['reset', 'resetInLine', 'end', 'silence', 'away', 'compacted', 'refusals', 'gone'] as const

export interface ChurnOptions {
  readonly seed: number
  readonly changesASecond: number
  readonly seconds: number
  readonly faultsASecond: number
}

export class Churn {
  readonly #api: KubeApi
  readonly #life: ClusterLife
  readonly #gaps: Gap[] = []
  /** How many there were, each kind in its turn. */
  faults = 0
  /** Since when no watch of pods has told anything. */
  #deafSince: number | null = null

  constructor(api: KubeApi, life: ClusterLife) {
    this.#api = api
    this.#life = life
  }

  async run({ seed, changesASecond, seconds, faultsASecond }: ChurnOptions): Promise<void> {
    const random = seeded(seed)
    const begun = performance.now()
    let nextFault = 0
    for (let now = 0; now < seconds; now = (performance.now() - begun) / 1000) {
      while (this.#life.changes < now * changesASecond) this.#life.step()
      if (now > nextFault) {
        nextFault = now - Math.log(1 - random()) / faultsASecond
        await this.#fail(random)
      }
      await sleep(TURN_MILLIS)
      this.#closeGaps()
      if (this.#isHeard()) this.#deafSince = null
    }
    this.#api.faults.length = 0
  }

  async #fail(random: () => number): Promise<void> {
    const kind = FAULTS[this.faults++ % FAULTS.length]!
    const watches = [...this.#api.watches]
    this.#deafSince ??= Date.now()
    switch (kind) {
      case 'away':
        await this.#api.refuseConnections()
        await sleep(100 + random() * 200)
        await this.#api.listen()
        break
      case 'compacted':
        this.#gapBegins()
        await this.#api.refuseConnections()
        for (let change = 0; change < 50; change++) this.#life.step()
        this.#api.store.compact()
        await this.#api.listen()
        break
      case 'gone':
        this.#gapBegins()
        this.#failNext(1, { kind: 'status', status: 410, reason: 'Expired' })
        for (const watch of watches) watch.end()
        break
      case 'refusals':
        this.#failNext(3, { kind: 'status', status: random() < 0.5 ? 429 : 503, retryAfter: 0 })
        for (const watch of watches) watch.reset()
        break
      case 'silence':
        for (const watch of watches) watch.fallSilent()
        break
      default:
        for (const watch of watches) watch[kind]()
    }
  }

  #failNext(times: number, fault: KubeFault): void {
    let left = times
    this.#api.faults.push(request => (request.plural === 'pods' && left-- > 0 ? fault : null))
  }

  /** What differs between the folded log and the truth, in words; empty when nothing does. */
  differences(lines: readonly PodLine[], lateMillis = LATE_MILLIS): string[] {
    this.#closeGaps()
    const byUid = new Map(lines.map(line => [line.uid, line]))
    const differences: string[] = []
    for (const interval of this.#life.intervals.values()) {
      const problem = this.#problemOf(interval, byUid.get(interval.uid), lateMillis)
      if (problem !== null) differences.push(`${interval.name}: ${problem} (${JSON.stringify(interval)})`)
      byUid.delete(interval.uid)
    }
    for (const line of byUid.values()) differences.push(`${line.name}: never held an address`)
    return differences
  }

  /** How many pods came and went where nobody could see them, at the most. */
  get excused(): number {
    return [...this.#life.intervals.values()].filter(interval => this.#isHidden(interval)).length
  }

  #problemOf(truth: TrueInterval, line: PodLine | undefined, lateMillis: number): string | null {
    if (line === undefined) return this.#isHidden(truth) ? null : 'is missing'
    const addresses = line.addresses.map(formatAddress).join()
    if (addresses !== truth.address) return `has the addresses ${addresses}`
    if (line.from !== truth.from) return `is from ${line.from}`
    if (truth.until === null) return line.until === Infinity ? null : `ended at ${line.until}`
    if (truth.endIsTold && line.until === truth.until) return null
    if (truth.goneAt === null) return `ends at ${line.until}`
    const gap = this.#gapOver(truth.goneAt)
    if (truth.endIsTold && gap === null) return `ends at ${line.until}`
    const latest = Math.max(truth.goneAt + lateMillis, gap === null ? 0 : gap.until + lateMillis)
    return line.until >= truth.until - 1_000 && line.until <= latest ? null : `ends at ${line.until}`
  }

  #isHidden({ writtenAt, goneAt }: TrueInterval): boolean {
    if (goneAt === null) return false
    const gap = this.#gapOver(goneAt)
    return gap !== null && writtenAt >= gap.from
  }

  #gapOver(moment: number): Gap | null {
    return this.#gaps.find(gap => moment >= gap.from && moment <= gap.until) ?? null
  }

  #gapBegins(): void {
    const from = this.#deafSince! - IN_FLIGHT_MILLIS
    this.#gaps.push({ from, cutAt: Date.now(), until: Infinity })
  }

  #isHeard(): boolean {
    return [...this.#api.watches].some(watch => watch.plural === 'pods' && !watch.isSilent)
  }

  // A gap ends with the first list that is served to its end after it.
  #closeGaps(): void {
    const listedAt = this.#api.listedAt.get('pods') ?? 0
    for (const gap of this.#gaps) {
      if (gap.until === Infinity && listedAt > gap.cutAt) gap.until = listedAt + IN_FLIGHT_MILLIS
    }
  }
}
