// What each workload sent each other across zones: the rows folded to what a person reads first.
//
// Memory grows with distinct pairs of workloads, which are few where pairs of pods are many. Where they aren't, they
// cost what pairs of pods do.

import { compareText, type Endpoint, type RollupRow } from '@zonetoll/model'
import { PairTable, type Room } from '@zonetoll/rollup'

export interface WorkloadPair {
  readonly source: string
  readonly destination: string
  readonly bytes: bigint
}

export class WorkloadPairs {
  readonly #names: string[] = []
  readonly #ids = new Map<string, number>()
  readonly #pairs: PairTable

  /** The room is asked before the table of pairs grows: endless if not given. */
  constructor(room?: Room) {
    this.#pairs = new PairTable(room)
  }

  /** The pairs with the most bytes, greatest first. */
  top(count: number): WorkloadPair[] {
    const top: WorkloadPair[] = []
    for (let pair = 0; pair < this.#pairs.size; pair++) {
      const { bytes } = this.#pairs.totals.totals(pair)
      if (top.length === count && bytes < top.at(-1).bytes) continue
      top.push({
        source: this.#names[this.#pairs.source(pair)]!,
        destination: this.#names[this.#pairs.destination(pair)]!,
        bytes,
      })
      top.sort(
        (a, b) =>
          compareBytes(b.bytes, a.bytes) ||
          compareText(a.source, b.source) ||
          compareText(a.destination, b.destination),
      )
      if (top.length > count) top.pop()
    }
    return top
  }

  /** Passes rows through and notes those that cross zones. */
  *watch(rows: Iterable<RollupRow>): Generator<RollupRow> {
    for (const row of rows) {
      if (row.source.zone !== row.destination.zone) this.#add(row)
      yield row
    }
  }

  #add({ source, destination, bytes, packets, records }: RollupRow): void {
    const pair = this.#pairs.add(this.#idOf(workloadName(source)), this.#idOf(workloadName(destination)))
    this.#pairs.totals.add(pair, records, bytes, packets)
  }

  #idOf(name: string): number {
    const known = this.#ids.get(name)
    if (known !== undefined) return known
    this.#ids.set(name, this.#names.length)
    return this.#names.push(name) - 1
  }
}

/** `shop/Deployment/cart`, `shop/bare-pod`, `interface orders-db`; all nodes are one. */
export function workloadName({ kind, namespace, name, workload }: Endpoint): string {
  if (kind === 'node') return 'nodes'
  return kind === 'pod' ? `${namespace}/${workload ?? name}` : `${kind} ${name}`
}

function compareBytes(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0
}
