// What each workload sent each other across zones: the rows folded to what a person reads first.
//
// Memory grows with distinct pairs of workloads, which are few where pairs of pods are many.

import { compareText, type Endpoint, type RollupRow } from '@zonetoll/model'

export interface WorkloadPair {
  readonly source: string
  readonly destination: string
  readonly bytes: bigint
}

export class WorkloadPairs {
  readonly #bytes = new Map<string, Map<string, bigint>>()

  /** The pairs with the most bytes, greatest first. */
  top(count: number): WorkloadPair[] {
    const pairs = [...this.#bytes].flatMap(([source, destinations]) =>
      [...destinations].map(([destination, bytes]) => ({ source, destination, bytes })),
    )
    pairs.sort(
      (a, b) =>
        compareBytes(b.bytes, a.bytes) ||
        compareText(a.source, b.source) ||
        compareText(a.destination, b.destination),
    )
    return pairs.slice(0, count)
  }

  /** Passes rows through and notes those that cross zones. */
  *watch(rows: Iterable<RollupRow>): Generator<RollupRow> {
    for (const row of rows) {
      if (row.source.zone !== row.destination.zone) this.#add(row)
      yield row
    }
  }

  #add({ source, destination, bytes }: RollupRow): void {
    const from = workloadName(source)
    let destinations = this.#bytes.get(from)
    if (destinations === undefined) {
      destinations = new Map()
      this.#bytes.set(from, destinations)
    }
    const to = workloadName(destination)
    destinations.set(to, (destinations.get(to) ?? 0n) + BigInt(bytes))
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
