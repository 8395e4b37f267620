// Parquet's hybrid of run-length and bit-packed codes: null or not, and places in a dictionary.
//
//   run      header varint (count << 1), then one value in whole bytes, little-endian
//   packed   header varint (groups << 1 | 1), then groups of eight values, `width` bits each, lowest bit first
//
// Values are read as they are asked for: a run of a billion costs nothing until then.
// Source: parquet-format, Encodings.md, RLE = 3.

import { PageDamage } from './table-error.ts'

export class RunReader {
  readonly #bytes: Uint8Array
  readonly #end: number
  readonly #width: number
  #at: number
  // Of the run at hand: values left, and its value, or -1 where they are packed, from this bit on.
  #left = 0
  #value = 0
  #bit = 0

  /** Reads bytes[at, end). Of width 0 there is one value, 0, and no bytes. */
  constructor(bytes: Uint8Array, at: number, end: number, width: number) {
    if (width > 32) throw new PageDamage(`its codes have ${width} bits, more than 32`)
    this.#bytes = bytes
    this.#at = at
    this.#end = end
    this.#width = width
    if (width === 0) this.#left = Infinity
  }

  /** Puts the next values into out[0, count). Throws PageDamage where there are fewer. */
  read(out: Int32Array, count: number): void {
    let filled = 0
    while (filled < count) {
      if (this.#left === 0) this.#turn()
      const to = filled + Math.min(this.#left, count - filled)
      this.#left -= to - filled
      if (this.#value >= 0) out.fill(this.#value, filled, to)
      else this.#unpack(out, filled, to)
      filled = to
    }
  }

  #turn(): void {
    const width = this.#width
    const header = this.#header()
    if ((header & 1) === 0) {
      const length = (width + 7) >> 3
      if (length > this.#end - this.#at) throw endsEarly()
      let value = 0
      for (let place = 0; place < length; place++) value |= this.#bytes[this.#at++]! << (place * 8)
      if (value < 0) throw new PageDamage('a code is above 2^31')
      this.#value = value
      this.#left = header >>> 1
      return
    }
    // The last group may lack the bytes of values that nobody asks for.
    const room = this.#end - this.#at
    const groups = header >>> 1
    this.#value = -1
    this.#bit = this.#at * 8
    this.#left = Math.min(groups * 8, Math.floor((room * 8) / width))
    this.#at += Math.min(groups * width, room)
  }

  #header(): number {
    let header = 0
    for (let place = 0; place < 5; place++) {
      if (this.#at >= this.#end) throw endsEarly()
      const byte = this.#bytes[this.#at++]!
      header |= (byte & 127) << (place * 7)
      if (byte < 128) return header >>> 0
    }
    throw new PageDamage('the length of a run has more than 5 bytes')
  }

  // Bytes behind the end are of values that were clipped off: whatever they are, the mask drops them.
  #unpack(out: Int32Array, from: number, to: number): void {
    const bytes = this.#bytes
    const width = this.#width
    const mask = width === 32 ? -1 : (1 << width) - 1
    let bit = this.#bit
    for (let at = from; at < to; at++, bit += width) {
      const byte = Math.floor(bit / 8)
      const shift = bit & 7
      let value =
        (bytes[byte]! | (bytes[byte + 1]! << 8) | (bytes[byte + 2]! << 16) | (bytes[byte + 3]! << 24)) >>>
        shift
      if (shift + width > 32) value |= bytes[byte + 4]! << (32 - shift)
      out[at] = value & mask
    }
    this.#bit = bit
  }
}

function endsEarly(): PageDamage {
  return new PageDamage('its codes end before its values do')
}
