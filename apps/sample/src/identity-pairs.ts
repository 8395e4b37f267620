// Identities of services, and numbers for the pairs of them that send across zones: truth is summed by these.

import type { Identity, Service } from './cluster.ts'

export class IdentityPairs {
  readonly #identities: Identity[] = []
  /** By service: index into #identities; services of one kind that has no workload share one. */
  readonly #byService: number[] = []
  readonly #numbers = new Map<number, number>()

  constructor(services: readonly Service[]) {
    const known = new Map<string, number>()
    for (const { identity } of services) {
      const key = JSON.stringify([identity.kind, identity.namespace, identity.workload])
      let index = known.get(key)
      if (index === undefined) {
        index = this.#identities.push(identity) - 1
        known.set(key, index)
      }
      this.#byService.push(index)
    }
  }

  get size(): number {
    return this.#numbers.size
  }

  /** The number of a pair of services' identities, a new one for a new pair. */
  number(source: number, destination: number): number {
    const key = this.#byService[source]! * this.#identities.length + this.#byService[destination]!
    let number = this.#numbers.get(key)
    if (number === undefined) {
      number = this.#numbers.size
      this.#numbers.set(key, number)
    }
    return number
  }

  /** In the order of numbers. */
  *pairs(): Generator<readonly [source: Identity, destination: Identity]> {
    for (const key of this.#numbers.keys()) {
      const source = Math.floor(key / this.#identities.length)
      yield [this.#identities[source]!, this.#identities[key % this.#identities.length]!]
    }
  }
}
