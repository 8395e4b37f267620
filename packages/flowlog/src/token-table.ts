// A token table turns the text of a field into a small integer without making a string of it.
//
// It knows a vocabulary (the instances, interfaces or zones that matter to an hour) and answers with a token's
// code, the order in which it was added. A fixed table answers OTHER_TOKEN to what it doesn't know, so hostile logs
// can't make it grow; a growing one adds it.
//
//   slots    Int32   open addressing, linear probing, at most half full: code + 1, 0 for empty
//   starts   Int32   token c is text[starts[c], starts[c + 1])

/** The field is `-`, empty or not in the format. */
export const NO_TOKEN = -1
/** A token that a fixed table doesn't know. */
export const OTHER_TOKEN = -2

/** Where a token begins is a 31-bit number. */
const MOST_TEXT_BYTES = 2 ** 31 - 1

const DASH = 45

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** A table as its columns: what another thread needs to have the same codes. */
export interface TokenColumns {
  readonly grows: boolean
  readonly size: number
  readonly starts: Int32Array
  readonly text: Uint8Array
}

export class TokenTable {
  readonly grows: boolean
  #slots = new Int32Array(64)
  #starts = new Int32Array(33)
  #text = new Uint8Array(1024)
  #size = 0

  constructor(vocabulary: Iterable<string> = [], options: { readonly grows?: boolean } = {}) {
    this.grows = options.grows ?? false
    for (const token of vocabulary) this.add(token)
  }

  /** A table of its own with the tokens and codes of another. */
  static from({ grows, size, starts, text }: TokenColumns): TokenTable {
    const table = new TokenTable([], { grows })
    for (let code = 0; code < size; code++) table.#append(text, starts[code]!, starts[code + 1]!)
    return table
  }

  get size(): number {
    return this.#size
  }

  /** Not copied: good until the next adding. */
  get columns(): TokenColumns {
    return { grows: this.grows, size: this.#size, starts: this.#starts, text: this.#text }
  }

  /** The token's code; known ones keep theirs. */
  add(token: string): number {
    const bytes = encoder.encode(token)
    const known = this.#find(bytes, 0, bytes.length)
    return known >= 0 ? known : this.#append(bytes, 0, bytes.length)
  }

  /** The code of text[from, to), or NO_TOKEN, or (in a fixed table) OTHER_TOKEN. */
  code(text: Uint8Array, from: number, to: number): number {
    const length = to - from
    if (length === 0 || (length === 1 && text[from] === DASH)) return NO_TOKEN
    const known = this.#find(text, from, to)
    if (known >= 0) return known
    return this.grows ? this.#append(text, from, to) : OTHER_TOKEN
  }

  /** The code of a token, or OTHER_TOKEN. */
  codeOf(token: string): number {
    const bytes = encoder.encode(token)
    return this.#find(bytes, 0, bytes.length)
  }

  token(code: number): string {
    return decoder.decode(this.bytes(code))
  }

  /** A token's text; good until the next adding. */
  bytes(code: number): Uint8Array {
    return this.#text.subarray(this.#starts[code], this.#starts[code + 1])
  }

  #find(text: Uint8Array, from: number, to: number): number {
    const mask = this.#slots.length - 1
    for (let slot = hash(text, from, to) & mask; ; slot = (slot + 1) & mask) {
      const code = this.#slots[slot]! - 1
      if (code < 0) return OTHER_TOKEN
      if (this.#equals(code, text, from, to)) return code
    }
  }

  #equals(code: number, text: Uint8Array, from: number, to: number): boolean {
    const start = this.#starts[code]!
    const length = to - from
    if (this.#starts[code + 1]! - start !== length) return false
    for (let at = 0; at < length; at++) {
      if (this.#text[start + at] !== text[from + at]) return false
    }
    return true
  }

  #append(text: Uint8Array, from: number, to: number): number {
    const code = this.#size
    const start = this.#starts[code]!
    const end = start + (to - from)
    if (end > this.#text.length) {
      if (end > MOST_TEXT_BYTES)
        throw new RangeError(`the logs name more interfaces than ${code}: no room for their names`)
      this.#text = grown(this.#text, new Uint8Array(Math.min(end * 2, MOST_TEXT_BYTES)))
    }
    if (code + 2 > this.#starts.length) this.#starts = grown(this.#starts, new Int32Array(code * 2 + 2))
    this.#text.set(text.subarray(from, to), start)
    this.#starts[code + 1] = end
    this.#size++
    if (this.#size * 2 > this.#slots.length) this.#rehash(this.#slots.length * 2)
    else this.#place(code)
    return code
  }

  #rehash(length: number): void {
    this.#slots = new Int32Array(length)
    for (let code = 0; code < this.#size; code++) this.#place(code)
  }

  #place(code: number): void {
    const mask = this.#slots.length - 1
    let slot = hash(this.#text, this.#starts[code]!, this.#starts[code + 1]!) & mask
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask
    this.#slots[slot] = code + 1
  }
}

function grown<T extends Uint8Array | Int32Array>(from: T, into: T): T {
  into.set(from)
  return into
}

// FNV-1a, its high bits folded in: the tokens of one account differ in their last characters.
function hash(text: Uint8Array, from: number, to: number): number {
  let value = 0x811c9dc5
  for (let at = from; at < to; at++) value = Math.imul(value ^ text[at]!, 0x01000193)
  return value ^ (value >>> 15)
}
