// A text column of a table: what each text means, worked out once a dictionary and not once a record.
//
// A meaning is an integer that the column's reader gives a text: a token's code, an action, an address's family. Null
// means what `-` means.

import type { Texts, TextSlice } from './table-slice.ts'

const UNSEEN = -0x80000000

/** What bytes[from, to) means; `place` is the text's place among the texts it stands with. */
export type MeaningReader = (bytes: Uint8Array, from: number, to: number, place: number) => number

export class TextColumn {
  /** Bytes of the longest text that the slices at hand may refer to. */
  longest = 0
  readonly #read: MeaningReader
  readonly #prepare: (count: number) => void
  readonly #nullMeaning: number
  #texts: Texts | null = null
  #entries: Int32Array = new Int32Array(0)
  #meanings = new Int32Array(0)

  /** `prepare` hears how many texts there are before any of them is read. */
  constructor(nullMeaning: number, read: MeaningReader, prepare: (count: number) => void = () => {}) {
    this.#nullMeaning = nullMeaning
    this.#read = read
    this.#prepare = prepare
  }

  /** The slice whose rows are asked for next. */
  use({ texts, entries }: TextSlice): void {
    this.#entries = entries
    // Texts that come one by one are new each time; a dictionary stays.
    if (texts === this.#texts) return
    this.#texts = texts
    this.longest = 0
    for (let place = 0; place < texts.count; place++) {
      this.longest = Math.max(this.longest, texts.ends[place]! - texts.starts[place]!)
    }
    if (this.#meanings.length < texts.count) this.#meanings = new Int32Array(texts.count)
    this.#meanings.fill(UNSEEN, 0, texts.count)
    this.#prepare(texts.count)
  }

  /** The row's place among the texts, negative for null. */
  place(row: number): number {
    return this.#entries[row]!
  }

  /** What the row's text, or null, means. */
  meaning(row: number): number {
    const place = this.#entries[row]!
    if (place < 0) return this.#nullMeaning
    const known = this.#meanings[place]!
    if (known !== UNSEEN) return known
    const { bytes, starts, ends } = this.#texts!
    const meaning = this.#read(bytes, starts[place]!, ends[place]!, place)
    this.#meanings[place] = meaning
    return meaning
  }

  /** Bytes of the row's text; 0 for null. */
  length(row: number): number {
    const place = this.#entries[row]!
    return place < 0 ? 0 : this.#texts!.ends[place]! - this.#texts!.starts[place]!
  }
}
