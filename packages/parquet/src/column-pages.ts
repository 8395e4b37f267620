// One column of one row group, page by page: what is left of the page at hand is taken in slices, then the next page
// is unpacked. Pages of different columns end at different rows, so the caller takes no more than all have left.
//
// A page of version 1 is packed whole: levels (4 bytes length, then runs), then values. Of one of version 2 the levels
// stand before what is packed. A level is 1 for a value and 0 for null; a required column has none.

import { crc32 } from 'node:zlib'
import { unpack } from './page-codecs.ts'
import { readPageHeader, type PageHeader } from './page-header.ts'
import {
  dictionaryIntegers,
  dictionaryTexts,
  integerValues,
  textValues,
  type IntegerValues,
  type PageBody,
  type TextValues,
} from './page-values.ts'
import { RunReader } from './run-reader.ts'
import { PageDamage, quoted, TableError } from './table-error.ts'
import type { ColumnType } from './table-columns.ts'
import { SLICE_ROWS } from './table-limits.ts'
import type { Memory } from './table-memory.ts'
import { NULL_ENTRY, type IntegerSlice, type Texts, type TextSlice } from './table-slice.ts'

export interface ColumnChunk {
  readonly name: string
  readonly type: ColumnType
  readonly optional: boolean
  readonly codec: string
  /** Counted from 1, for messages. */
  readonly rowGroup: number
  readonly rows: number
}

const NO_TEXTS: Texts = {
  bytes: new Uint8Array(0),
  starts: new Int32Array(0),
  ends: new Int32Array(0),
  count: 0,
}

export class ColumnPages {
  /** Rows of the page at hand that weren't taken yet. */
  left = 0
  readonly #chunk: ColumnChunk
  readonly #bytes: Uint8Array
  readonly #memory: Memory
  #at = 0
  #rowsLeft: number
  #levels: RunReader | null = null
  #texts: TextValues | null = null
  #integers: IntegerValues | null = null
  #dictionary: Texts | Uint32Array | null = null
  #dictionaryBytes = 0
  #pageBytes = 0
  #sawPage = false
  // Of the slice at hand.
  readonly #present = new Int32Array(SLICE_ROWS)
  readonly #rows = new Int32Array(SLICE_ROWS)
  readonly #entries: Int32Array
  readonly #words: Uint32Array
  readonly #flags: Uint8Array

  constructor(chunk: ColumnChunk, bytes: Uint8Array, memory: Memory) {
    const text = chunk.type.kind === 'text'
    this.#chunk = chunk
    this.#bytes = bytes
    this.#memory = memory
    this.#rowsLeft = chunk.rows
    this.#entries = new Int32Array(text ? SLICE_ROWS : 0)
    this.#words = new Uint32Array(text ? 0 : SLICE_ROWS * 2)
    this.#flags = new Uint8Array(text ? 0 : SLICE_ROWS)
  }

  /** Unpacks the next page that has rows; none must be left of the one at hand. Throws TableError. */
  async turn(): Promise<void> {
    try {
      while (this.left === 0) await this.#turnPage()
    } catch (error) {
      throw this.#placed(error)
    }
  }

  /** The next rows, at most `left` and SLICE_ROWS of them; valid until the next are taken. Throws TableError. */
  take(count: number): TextSlice | IntegerSlice {
    try {
      const present = this.#findPresent(count)
      this.left -= count
      this.#rowsLeft -= count
      return this.#texts === null ? this.#takeIntegers(present) : this.#takeTexts(present)
    } catch (error) {
      throw this.#placed(error)
    }
  }

  /** Gives back what is held. */
  close(): void {
    this.#memory.give(this.#pageBytes + this.#dictionaryBytes)
    this.#pageBytes = 0
    this.#dictionaryBytes = 0
  }

  #takeTexts(present: number): TextSlice {
    const texts = present === 0 ? NO_TEXTS : this.#texts!.take(this.#entries, this.#rows, present)
    return { texts, entries: this.#entries }
  }

  #takeIntegers(present: number): IntegerSlice {
    if (present > 0) this.#integers!.take(this.#words, this.#rows, present)
    const { seconds } = this.#chunk.type
    if (seconds !== null) toSeconds(this.#words, this.#rows, present, seconds)
    return { words: this.#words, present: this.#flags }
  }

  // Lists the rows that aren't null among the next ones, marks the others; returns how many.
  #findPresent(count: number): number {
    const rows = this.#rows
    const text = this.#chunk.type.kind === 'text'
    if (this.#levels === null) {
      for (let row = 0; row < count; row++) rows[row] = row
      if (!text) this.#flags.fill(1, 0, count)
      return count
    }
    const levels = this.#present
    this.#levels.read(levels, count)
    let found = 0
    for (let row = 0; row < count; row++) {
      const level = levels[row]!
      if (level === 1) rows[found++] = row
      else if (level !== 0) throw new PageDamage(`a row has the level ${level} in a column of level 1`)
    }
    if (text) this.#entries.fill(NULL_ENTRY, 0, count)
    else this.#flags.set(levels.subarray(0, count))
    return found
  }

  async #turnPage(): Promise<void> {
    if (this.#at >= this.#bytes.length) {
      throw new PageDamage(`its pages end ${this.#rowsLeft} rows early`)
    }
    const header = readPageHeader(this.#bytes, this.#at)
    this.#at = header.at + header.packedSize
    this.#memory.give(this.#pageBytes)
    this.#pageBytes = 0
    if (header.kind === 'index' || (header.kind === 'data' && header.values === 0)) return
    if (header.kind === 'dictionary') {
      if (this.#sawPage) throw new PageDamage('a dictionary stands behind other pages')
      if (!header.encoding.startsWith('PLAIN')) {
        throw new PageDamage(`its dictionary is written in the encoding ${header.encoding}, which isn't read`)
      }
      this.#sawPage = true
      const bytes = await this.#unpacked(header, 0)
      this.#readDictionary({ ...header, bytes, at: 0 })
      this.#dictionaryBytes = this.#pageBytes
      this.#pageBytes = 0
      return
    }
    this.#sawPage = true
    if (header.values > this.#rowsLeft) {
      throw new PageDamage(`a page has ${header.values} rows where ${this.#rowsLeft} are left`)
    }
    const levels = header.levels === null ? 0 : header.levels.definition + header.levels.repetition
    const bytes = await this.#unpacked(header, levels)
    this.#readValues({ ...header, bytes, at: this.#readLevels(header, bytes) })
    this.left = header.values
  }

  // What is packed, without the levels that stand before it.
  async #unpacked(header: PageHeader, levels: number): Promise<Uint8Array> {
    const { at, packedSize, size, crc } = header
    const packed = this.#bytes.subarray(at, at + packedSize)
    if (crc !== null && crc32(packed) !== crc) {
      throw new PageDamage("a page is damaged: its bytes aren't those of its checksum")
    }
    this.#reserve(size)
    this.#memory.unpacks(size)
    const codec = header.levels?.packed === false ? 'UNCOMPRESSED' : this.#chunk.codec
    // Nothing but nulls: nothing needs to be there.
    if (packedSize === levels && size === levels) return packed.subarray(levels)
    return await unpack(codec, packed.subarray(levels), size - levels)
  }

  // Returns where the values begin among the unpacked bytes.
  #readLevels({ levels, levelEncoding, at }: PageHeader, bytes: Uint8Array): number {
    this.#levels = null
    if (levels !== null) {
      const from = at + levels.repetition
      if (this.#chunk.optional) this.#levels = new RunReader(this.#bytes, from, from + levels.definition, 1)
      return 0
    }
    if (!this.#chunk.optional) return 0
    if (levelEncoding !== 'RLE') {
      throw new PageDamage(`its nulls are written in the encoding ${levelEncoding}, which isn't read`)
    }
    const length = bytes.length < 4 ? -1 : new DataView(bytes.buffer, bytes.byteOffset).getInt32(0, true)
    if (length < 0 || length > bytes.length - 4) throw new PageDamage('a page ends before its levels do')
    this.#levels = new RunReader(bytes, 4, 4 + length, 1)
    return 4 + length
  }

  #readValues(page: PageBody): void {
    const { type } = this.#chunk
    const reserve = (bytes: number) => this.#reserve(bytes)
    if (type.kind === 'text') this.#texts = textValues(page, this.#dictionary as Texts | null, reserve)
    else this.#integers = integerValues(page, this.#dictionary as Uint32Array | null, type, reserve)
  }

  #readDictionary(page: PageBody): void {
    const { type } = this.#chunk
    const reserve = (bytes: number) => this.#reserve(bytes)
    this.#dictionary =
      type.kind === 'text' ? dictionaryTexts(page, reserve) : dictionaryIntegers(page, type, reserve)
  }

  #reserve(bytes: number): void {
    this.#memory.take(bytes)
    this.#pageBytes += bytes
  }

  #placed(error: unknown): unknown {
    if (!(error instanceof PageDamage)) return error
    const { name, rowGroup } = this.#chunk
    const place = `column ${quoted(name)}, row group ${rowGroup}`
    return new TableError(`is a Parquet file that can't be read: ${place}: ${error.message}`, {
      cause: error,
    })
  }
}

// Rounds timestamps down to seconds, `unit` of theirs each.
function toSeconds(words: Uint32Array, rows: Int32Array, count: number, unit: number): void {
  const values = new BigInt64Array(words.buffer)
  for (let k = 0; k < count; k++) {
    const row = rows[k]!
    const value = values[row]!
    const rest = value % BigInt(unit)
    values[row] = value / BigInt(unit) - (rest < 0n ? 1n : 0n)
  }
}
