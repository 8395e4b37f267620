// The UTF-8 bytes and the hash of texts, each made once. A rollup says the same few thousand names a million
// times over, and parquetjs-lite takes bytes at a third of the cost of a string.
//
// It holds at most ENTRIES short texts, some 20 MB of usual names; any further text is hashed each time it comes and
// left to the library to encode. What a text is written as is the same either way.

import { hashText } from './fingerprint.ts'

const ENTRIES = 1 << 16
const SHORT = 256

export interface TextBytes {
  /** What the library is given: an ArrayBuffer is taken as it is, a string is encoded. */
  readonly bytes: ArrayBuffer | string
  readonly hash: number
}

export class TextBytesCache {
  readonly #texts = new Map<string, TextBytes>()
  readonly #encoder = new TextEncoder()

  /** Null where the text isn't well-formed Unicode: it has no UTF-8 bytes. */
  get(text: string): TextBytes | null {
    const known = this.#texts.get(text)
    if (known !== undefined) return known
    if (!text.isWellFormed()) return null
    const utf8 = this.#encoder.encode(text)
    const hash = hashText(utf8)
    if (text.length > SHORT || this.#texts.size >= ENTRIES) return { bytes: text, hash }
    const entry = { bytes: utf8.buffer.slice(0, utf8.length), hash }
    this.#texts.set(text, entry)
    return entry
  }

  /** Forgets all texts once there is no room for new ones: the rows that come name others. */
  trim(): void {
    if (this.#texts.size >= ENTRIES) this.#texts.clear()
  }
}
