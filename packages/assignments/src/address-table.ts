// Addresses to entry numbers, by open addressing: no Map and no string per look-up.
//
//   IPv4   keys4[slot]               the address          entries4[slot]   entry + 1, 0 for empty
//   IPv6   keys6[4 slot .. + 4)      its four words       entries6[slot]   likewise
//
// Both number their entries together, 0, 1, 2 … in the order of adding. Linear probing, at most half full.

/** What a look-up answers where there is nothing. */
export const NONE = -1

export class AddressTable {
  #size = 0
  #keys4 = new Uint32Array(16)
  #entries4 = new Int32Array(16)
  #size4 = 0
  #keys6 = new Uint32Array(64)
  #entries6 = new Int32Array(16)
  #size6 = 0

  get size(): number {
    return this.#size
  }

  /** The entry of an IPv4 address, or NONE. */
  find4(value: number): number {
    const mask = this.#entries4.length - 1
    for (let slot = hash4(value) & mask; ; slot = (slot + 1) & mask) {
      const entry = this.#entries4[slot]! - 1
      if (entry < 0 || this.#keys4[slot] === value) return entry
    }
  }

  /** The entry of the IPv6 address words[at .. at + 4), or NONE. */
  find6(words: ArrayLike<number>, at: number): number {
    const mask = this.#entries6.length - 1
    for (let slot = hash6(words, at) & mask; ; slot = (slot + 1) & mask) {
      const entry = this.#entries6[slot]! - 1
      if (entry < 0 || this.#equals6(slot, words, at)) return entry
    }
  }

  /** The entry of an IPv4 address, a new one where it has none. */
  add4(value: number): number {
    const known = this.find4(value)
    if (known !== NONE) return known
    if (++this.#size4 * 2 > this.#entries4.length) this.#grow4()
    this.#place4(value, this.#size)
    return this.#size++
  }

  /** The entry of an IPv6 address, a new one where it has none. */
  add6(words: ArrayLike<number>, at: number): number {
    const known = this.find6(words, at)
    if (known !== NONE) return known
    if (++this.#size6 * 2 > this.#entries6.length) this.#grow6()
    this.#place6(words, at, this.#size)
    return this.#size++
  }

  #place4(value: number, entry: number): void {
    const mask = this.#entries4.length - 1
    let slot = hash4(value) & mask
    while (this.#entries4[slot] !== 0) slot = (slot + 1) & mask
    this.#keys4[slot] = value
    this.#entries4[slot] = entry + 1
  }

  #grow4(): void {
    const keys = this.#keys4
    const entries = this.#entries4
    this.#keys4 = new Uint32Array(keys.length * 2)
    this.#entries4 = new Int32Array(entries.length * 2)
    for (let slot = 0; slot < entries.length; slot++) {
      if (entries[slot] !== 0) this.#place4(keys[slot]!, entries[slot]! - 1)
    }
  }

  #place6(words: ArrayLike<number>, at: number, entry: number): void {
    const mask = this.#entries6.length - 1
    let slot = hash6(words, at) & mask
    while (this.#entries6[slot] !== 0) slot = (slot + 1) & mask
    for (let word = 0; word < 4; word++) this.#keys6[slot * 4 + word] = words[at + word]!
    this.#entries6[slot] = entry + 1
  }

  #grow6(): void {
    const keys = this.#keys6
    const entries = this.#entries6
    this.#keys6 = new Uint32Array(keys.length * 2)
    this.#entries6 = new Int32Array(entries.length * 2)
    for (let slot = 0; slot < entries.length; slot++) {
      if (entries[slot] !== 0) this.#place6(keys, slot * 4, entries[slot]! - 1)
    }
  }

  #equals6(slot: number, words: ArrayLike<number>, at: number): boolean {
    const keys = this.#keys6
    const key = slot * 4
    return (
      keys[key + 3] === words[at + 3] &&
      keys[key + 2] === words[at + 2] &&
      keys[key + 1] === words[at + 1] &&
      keys[key] === words[at]
    )
  }
}

// Multiplied by 2^32 / golden ratio, the high bits folded down: addresses of one subnet differ in their low bits.
function hash4(value: number): number {
  const mixed = Math.imul(value, 0x9e3779b1)
  return mixed ^ (mixed >>> 15)
}

function hash6(words: ArrayLike<number>, at: number): number {
  let mixed = Math.imul(words[at]!, 0x85ebca6b) ^ words[at + 1]!
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0xc2b2ae35) ^ words[at + 2]!
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0x27d4eb2f) ^ words[at + 3]!
  return hash4(mixed)
}
