// Who came and who went: the pods of the seats that change hands, hour by hour.
//
//   reuse seat   |------ pod 0 --------)  gap  [------- pod 1 ------------)  gap  [------ pod 2 …
//                hour 0: one handover           hour 1: one handover
//   job seat       |- run -)     |-- run ---)      |-- run over the last minute --)
//
// A handover lies 3 to 54 minutes into its hour and its gap is at most two minutes, so what a window meets is said
// whole by the hour's own partition. Between two runs of a job seat lie at least two minutes: no handover. The end of
// some pods is never seen: then the next pod's beginning is their end (contract, section 3).
//
// Any hour is made from the seed alone, so a data set of many hours needs the memory of one.

import type { Cluster, Pod } from './cluster.ts'
import { Random } from './random.ts'

export interface Occupancy {
  readonly pod: Pod
  /** When its address is free or another pod's, in Unix seconds; Infinity for never. */
  readonly until: number
  /** When the pod before it let go of the address, and the next one takes it: -Infinity and Infinity for none near. */
  readonly previousUntil: number
  readonly nextFrom: number
  /** False where the recorder never saw it end: its last line says `until` null. */
  readonly endSeen: boolean
}

interface Handover {
  readonly until: number
  readonly from: number
  readonly endSeen: boolean
}

const HOUR = 3600
const MISSED_ONE_IN = 8

export class Churn {
  readonly #seed: number
  readonly #cluster: Cluster
  readonly #start: number
  readonly #hours: number
  readonly #deployments: readonly number[]

  /** `start` is the data set's first second; it has so many hours. */
  constructor(seed: number, cluster: Cluster, start: number, hours: number) {
    this.#seed = seed
    this.#cluster = cluster
    this.#start = start
    this.#hours = hours
    this.#deployments = [...cluster.services.entries()]
      .filter(([, { controller }]) => controller === 'Deployment')
      .map(([index]) => index)
  }

  /** Pods of the changing seats that held an address in the hour; hours count from 0. */
  hour(hour: number): Occupancy[] {
    const occupancies: Occupancy[] = []
    for (const seat of this.#cluster.reuseSeats) {
      for (const index of [hour, hour + 1]) occupancies.push(this.#occupant(seat, index))
    }
    for (const seat of this.#cluster.jobSeats) occupancies.push(...this.#runs(seat, hour))
    return occupancies
  }

  /** Job pods that let go of their address in the last minute before the hour. */
  justBefore(hour: number): Occupancy[] {
    const begin = this.#start + hour * HOUR
    return this.#cluster.jobSeats.flatMap(seat =>
      this.#runs(seat, hour - 1).filter(({ until }) => until > begin - 60),
    )
  }

  #occupant(seat: { readonly host: number; readonly service: number }, index: number): Occupancy {
    const random = Random.of(this.#seed, 'occupant', seat.host, index)
    const service = index === 0 ? seat.service : random.pick(this.#deployments)
    const before = index === 0 ? null : this.#handover(seat.host, index - 1)
    const after = index === this.#hours ? null : this.#handover(seat.host, index)
    const name = `${this.#cluster.services[service]!.name}-${random.hex(10)}-${random.suffix(5)}`
    const from = before?.from ?? this.#start - random.between(7200, 1_728_000)
    const until = after?.until ?? null
    return {
      pod: { uid: random.uuid(), name, hostNetwork: false, service, host: seat.host, from, until },
      until: until ?? Infinity,
      previousUntil: before?.until ?? -Infinity,
      nextFrom: after?.from ?? Infinity,
      endSeen: after?.endSeen ?? true,
    }
  }

  #handover(host: number, hour: number): Handover {
    const random = Random.of(this.#seed, 'handover', host, hour)
    const until = this.#start + hour * HOUR + random.between(180, 3240)
    const gap = random.pick([0, 1, random.between(2, 29), random.between(30, 59), random.between(60, 120)])
    if (random.below(MISSED_ONE_IN) === 0) return { until, from: until, endSeen: false }
    return { until, from: until + gap, endSeen: true }
  }

  #runs(seat: { readonly host: number; readonly service: number }, hour: number): Occupancy[] {
    const random = Random.of(this.#seed, 'runs', seat.host, hour)
    const begin = this.#start + hour * HOUR
    const runs = [
      [random.between(240, 300), random.between(480, 900)],
      [random.between(1200, 1500), random.between(1600, 2400)],
      random.below(2) === 0
        ? [random.between(2600, 3100), HOUR - random.between(5, 50)]
        : [random.between(2600, 2700), random.between(2800, 3300)],
    ] as const
    return runs.map(([from, until], run) => {
      const name = this.#cluster.services[seat.service]!.name
      const minute = Math.floor((begin + from) / 60)
      return {
        pod: {
          uid: random.uuid(),
          name: `${name}-${minute}-${run}${random.suffix(5)}`,
          hostNetwork: false,
          service: seat.service,
          host: seat.host,
          from: begin + from,
          until: begin + until,
        },
        until: begin + until,
        previousUntil: -Infinity,
        nextFrom: Infinity,
        endSeen: true,
      }
    })
  }
}
