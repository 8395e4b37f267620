// Two flow logs that log one interface (a VPC's and a subnet's, say) hold its bytes twice. This tells.
//
//   firstLog   Int32   by code of interface-id: flow log number + 1 of the first that logged it, 0 for none
//   lastLog    Int32   likewise the one with the greatest number

export interface Overlap {
  readonly interface: number
  readonly flowLogs: readonly [number, number]
}

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

  merge(other: FlowLogOverlap): void {
    for (let code = 0; code < other.#first.length; code++) {
      if (other.#first[code] === 0) continue
      this.add(code, other.#first[code]! - 1)
      this.add(code, other.#last[code]! - 1)
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
