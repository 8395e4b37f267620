// What other interfaces log of records that were written: copies that wait among others, and leave in no order.
//
// Columns, because it is filled and emptied for every record: nothing is allocated.
//
//   table      Uint8     which of the traffic's pair tables `pair` is an index into
//   pair       Int32
//   logging    Int32     index into interfaces
//   ingress    Uint8     1: the receiver's copy; 0: a relayed one
//   port       Uint16    the ephemeral port
//   start, end, bytes, packets   Float64
//   handedOver Uint8

import type { Random } from './random.ts'

export class WaitingCopies {
  size = 0
  readonly #out: number
  readonly table: Uint8Array
  readonly pair: Int32Array
  readonly logging: Int32Array
  readonly ingress: Uint8Array
  readonly port: Uint16Array
  readonly start: Float64Array
  readonly end: Float64Array
  readonly bytes: Float64Array
  readonly packets: Float64Array
  readonly handedOver: Uint8Array

  constructor(most: number) {
    // One place more than wait: what is taken out.
    this.#out = most
    this.table = new Uint8Array(most + 1)
    this.pair = new Int32Array(most + 1)
    this.logging = new Int32Array(most + 1)
    this.ingress = new Uint8Array(most + 1)
    this.port = new Uint16Array(most + 1)
    this.start = new Float64Array(most + 1)
    this.end = new Float64Array(most + 1)
    this.bytes = new Float64Array(most + 1)
    this.packets = new Float64Array(most + 1)
    this.handedOver = new Uint8Array(most + 1)
  }

  /** Takes one of them out; its values stay readable at the returned place until the next is added. */
  take(random: Random): number {
    const chosen = random.below(this.size)
    const last = --this.size
    this.#move(chosen, this.#out)
    this.#move(last, chosen)
    return this.#out
  }

  #move(from: number, to: number): void {
    this.table[to] = this.table[from]!
    this.pair[to] = this.pair[from]!
    this.logging[to] = this.logging[from]!
    this.ingress[to] = this.ingress[from]!
    this.port[to] = this.port[from]!
    this.start[to] = this.start[from]!
    this.end[to] = this.end[from]!
    this.bytes[to] = this.bytes[from]!
    this.packets[to] = this.packets[from]!
    this.handedOver[to] = this.handedOver[from]!
  }
}
