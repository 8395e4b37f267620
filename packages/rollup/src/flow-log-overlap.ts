// Two flow logs that log one interface (a VPC's and a subnet's, say) hold its bytes twice. This tells.
//
//   firstLog   Int32   by code of interface-id: flow log number + 1 of the first that logged it, 0 for none
//   lastLog    Int32   likewise the one with the greatest number

import type { TokenTable } from '@zonetoll/flowlog'

export interface Overlap {
  readonly interface: number
  readonly flowLogs: readonly [number, number]
}

/** An interface, and the flow logs of the least and greatest number that logged it. */
type LoggedInterface = readonly [string, number, number]

export type OverlapColumns = readonly LoggedInterface[]

export class FlowLogOverlap {
  #first = new Int32Array(64)
  #last = new Int32Array(64)

  /** Notes that a flow log logged an interface. */
  add(interfaceCode: number, flowLog: number): void {
    if (interfaceCode >= this.#first.length) this.#grow(interfaceCode + 1)
    const number = flowLog + 1
    if (this.#first[interfaceCode] === 0 || number < this.#first[interfaceCode]!)
      this.#first[interfaceCode] = number
    if (number > this.#last[interfaceCode]!) this.#last[interfaceCode] = number
  }

  /** What a thread hands over: names, since each thread gives newcomers codes of its own. */
  columns(interfaces: TokenTable): OverlapColumns {
    const logged: LoggedInterface[] = []
    for (let code = 0; code < this.#first.length; code++) {
      const first = this.#first[code]!
      if (first !== 0) logged.push([interfaces.token(code), first - 1, this.#last[code]! - 1])
    }
    return logged
  }

  merge(columns: OverlapColumns, interfaces: TokenTable): void {
    for (const [name, first, last] of columns) {
      const code = interfaces.add(name)
      this.add(code, first)
      this.add(code, last)
    }
  }

  /** Interfaces that more than one flow log logged. */
  *overlaps(): Generator<Overlap> {
    for (let code = 0; code < this.#first.length; code++) {
      const first = this.#first[code]!
      const last = this.#last[code]!
      if (first !== last) yield { interface: code, flowLogs: [first - 1, last - 1] }
    }
  }

  #grow(least: number): void {
    const length = Math.max(least, this.#first.length * 2)
    this.#first = grown(this.#first, length)
    this.#last = grown(this.#last, length)
  }
}

function grown(column: Int32Array, length: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(length)
  larger.set(column)
  return larger
}
