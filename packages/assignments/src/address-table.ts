// Addresses to entry numbers, by open addressing: no Map and no string per look-up.
//
//   IPv4   slots4[2 slot]            the address, as a signed word
//          slots4[2 slot + 1]        entry + 1, 0 for empty: beside its key, so that a look-up touches one cache line
//   IPv6   keys6[4 slot .. + 4)      the four words          entries6[slot]   entry + 1, 0 for empty
//
// Both number their entries together, 0, 1, 2 … in the order of adding. Linear probing. IPv4 slots are the high bits of
// the address times 2^32 / golden ratio, which spreads the runs of addresses that subnets are, and at most a quarter
// full: nearly all look-ups end at their first slot, and a processor foretells that they do.

/** What a look-up answers where there is nothing. */
export const NONE = -1

/** A table as its columns: what another thread needs to look addresses up. */
export interface AddressColumns {
  readonly size: number
  readonly slots4: Int32Array
  readonly keys6: Uint32Array
  readonly entries6: Int32Array
}

export class AddressTable {
  #size = 0
  #slots4: Int32Array = new Int32Array(32)
  #shift4 = shiftOf(this.#slots4)
  #size4 = 0
  #keys6: Uint32Array = new Uint32Array(64)
  #entries6: Int32Array = new Int32Array(16)
  #size6 = 0

  /** A table over columns, for looking up only: adding to it would change them. */
  static over(columns: AddressColumns): AddressTable {
    const table = new AddressTable()
    table.#size = columns.size
    table.#slots4 = columns.slots4
    table.#shift4 = shiftOf(columns.slots4)
    table.#keys6 = columns.keys6
    table.#entries6 = columns.entries6
    return table
  }

  get size(): number {
    return this.#size
  }

  /** Not copied: good until the next adding. */
  get columns(): AddressColumns {
    return { size: this.#size, slots4: this.#slots4, keys6: this.#keys6, entries6: this.#entries6 }
  }

  /** The entry of an IPv4 address, or NONE. */
  find4(value: number): number {
    const slots = this.#slots4
    const mask = slots.length - 1
    const key = value | 0
    for (let at = (hash4(key) >>> this.#shift4) << 1; ; at = (at + 2) & mask) {
      const entry = slots[at + 1]! - 1
      if (entry < 0 || slots[at] === key) return entry
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
    if (++this.#size4 * 8 > this.#slots4.length) this.#grow4()
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
    const slots = this.#slots4
    const mask = slots.length - 1
    const key = value | 0
    let at = (hash4(key) >>> this.#shift4) << 1
    while (slots[at + 1] !== 0) at = (at + 2) & mask
    slots[at] = key
    slots[at + 1] = entry + 1
  }

  #grow4(): void {
    const slots = this.#slots4
    this.#slots4 = new Int32Array(slots.length * 2)
    this.#shift4 = shiftOf(this.#slots4)
    for (let at = 0; at < slots.length; at += 2) {
      if (slots[at + 1] !== 0) this.#place4(slots[at]!, slots[at + 1]! - 1)
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

function hash4(key: number): number {
  return Math.imul(key, 0x9e3779b1)
}

// What leaves of a 32-bit hash the number of a slot; a slot takes two places.
function shiftOf(slots4: Int32Array): number {
  return Math.clz32(slots4.length >>> 1) + 1
}

function hash6(words: ArrayLike<number>, at: number): number {
  let mixed = Math.imul(words[at]!, 0x85ebca6b) ^ words[at + 1]!
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0xc2b2ae35) ^ words[at + 2]!
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0x27d4eb2f) ^ words[at + 3]!
  mixed = hash4(mixed)
  return mixed ^ (mixed >>> 15)
}
