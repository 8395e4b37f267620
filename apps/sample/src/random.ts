// Seeded random numbers: xoshiro128** seeded by splitmix32, all in 32-bit integers, so that a seed means the same
// numbers on any machine.
//
// A stream is named by a seed and a path (`of(7, 'object', 12)`): what is drawn for one object doesn't depend on
// what was drawn for another, nor on the order in which they are made.
// Source: Blackman and Vigna, "Scrambled linear pseudorandom number generators" (2021).

const TWO_32 = 2 ** 32

export class Random {
  #a: number
  #b: number
  #c: number
  #d: number

  private constructor(key: number) {
    let state = key
    const split = () => {
      state = (state + 0x9e3779b9) | 0
      let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad)
      mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
      return mixed ^ (mixed >>> 15)
    }
    this.#a = split()
    this.#b = split()
    this.#c = split()
    this.#d = split() | 1
  }

  static of(seed: number, ...path: readonly (string | number)[]): Random {
    return new Random(hash(JSON.stringify([seed, ...path])))
  }

  /** An integer from 0 to 2^32 - 1. */
  next(): number {
    const product = Math.imul(this.#b, 5)
    const result = Math.imul((product << 7) | (product >>> 25), 9) >>> 0
    const shifted = this.#b << 9
    this.#c ^= this.#a
    this.#d ^= this.#b
    this.#b ^= this.#c
    this.#a ^= this.#d
    this.#c ^= shifted
    this.#d = (this.#d << 11) | (this.#d >>> 21)
    return result
  }

  /** An integer from 0 to `bound` - 1; `bound` is at least 1 and at most 2^21. */
  below(bound: number): number {
    return Math.floor((this.next() * bound) / TWO_32)
  }

  /** An integer from `least` to `most`, both included. */
  between(least: number, most: number): number {
    return least + this.below(most - least + 1)
  }

  /** True with the probability `share`. */
  chance(share: number): boolean {
    return this.next() < share * TWO_32
  }

  /** One of the items, of which there is at least one. */
  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!
  }

  /** Lower-case hexadecimal digits. */
  hex(digits: number): string {
    return this.#text('0123456789abcdef', digits)
  }

  /** The letters and digits that Kubernetes builds pod names of. */
  suffix(length: number): string {
    return this.#text('bcdfghjklmnpqrstvwxz2456789', length)
  }

  /** A version 4 UUID. */
  uuid(): string {
    return `${this.hex(8)}-${this.hex(4)}-4${this.hex(3)}-${this.pick(['8', '9', 'a', 'b'])}${this.hex(3)}-${this.hex(12)}`
  }

  #text(alphabet: string, length: number): string {
    let text = ''
    for (let at = 0; at < length; at++) text += alphabet[this.below(alphabet.length)]
    return text
  }
}

// FNV-1a over the text's code units, 32 bits.
function hash(text: string): number {
  let value = 0x811c9dc5
  for (let at = 0; at < text.length; at++) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193)
  return value
}
