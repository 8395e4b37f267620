// The reader of one flow log that comes as columns (Parquet): slices in, the record batches out that the same records
// in text would give.
//
//   slice of rows -> malformed? skipData? noData? -> the rows that are records -> one loop a column -> batch
//
// The rules are those of the byte scanner, which is the twin that its tests hold it against. What differs is the cost:
// addresses and tokens are read once a text of a dictionary.

import { hasColon, isDash, isText, readIPv4, readIPv6, UNREADABLE } from './field-values.ts'
import {
  ACTION,
  BYTES,
  DESTINATION,
  DIRECTION,
  END,
  INSTANCE,
  INTERFACE,
  INTERFACE_TYPE,
  PACKETS,
  SOURCE,
  START,
  STATUS,
  ZONE,
} from './fields.ts'
import type { LineCounts } from './flow-log-reader.ts'
import { DASHED, IntegerColumn, READ } from './integer-column.ts'
import {
  DESTINATION_IPV6,
  DESTINATION_UNREADABLE,
  INGRESS,
  MIDDLE_INTERFACE,
  RecordBatch,
  REJECTED,
  SOURCE_IPV6,
  SOURCE_UNREADABLE,
  TYPED_INTERFACE,
} from './record-batch.ts'
import { MAX_LINE_BYTES, type RecordTokens } from './scanner.ts'
import type { IntegerSlice, TableSlice, TextSlice } from './table-slice.ts'
import { TextColumn, type MeaningReader } from './text-column.ts'
import { NO_TOKEN, type TokenTable } from './token-table.ts'

const CAPACITY = 4096
const WORD = 4294967296

// What a text of these columns means.
const OTHER = 0
const OK = 1
const SKIPDATA = 2
const NODATA = 3
const EGRESS = 1
const INGRESS_DIRECTION = 2
const REJECT = 1
const DASH = 1

const encoder = new TextEncoder()

export class TableReader {
  readonly #batch = new RecordBatch(CAPACITY)
  readonly #slots: readonly number[]
  readonly #growing: boolean
  #records = 0
  #malformed = 0
  #skipData = 0
  #noData = 0
  // By slot; a column that the format lacks isn't there.
  readonly #columns: (TextColumn | IntegerColumn)[] = []
  readonly #texts: TextColumn[] = []
  readonly #source: AddressColumn
  readonly #destination: AddressColumn
  /** The rows of the slice that are records of the batch at hand. */
  readonly #rows = new Int32Array(CAPACITY)
  #overlong = false

  /** `slots` are TableFormat's. */
  constructor(slots: readonly number[], tokens: RecordTokens) {
    this.#slots = slots
    this.#growing = tokens.interfaces.grows
    this.#source = new AddressColumn()
    this.#destination = new AddressColumn()
    for (const slot of slots) {
      const column = this.#columnOf(slot, tokens)
      this.#columns[slot] = column
      if (column instanceof TextColumn) this.#texts.push(column)
    }
  }

  /** Reads a slice; the sink gets its records, in order, in batches that are valid during the call. */
  push(slice: TableSlice, sink: (batch: RecordBatch) => void): void {
    for (const [k, part] of slice.columns.entries()) {
      const column = this.#columns[this.#slots[k]!]!
      if (column instanceof IntegerColumn) column.use(part)
      else column.use(textOf(part))
    }
    this.#overlong = this.#texts.some(({ longest }) => longest > MAX_LINE_BYTES)
    for (let row = 0; row < slice.rows;) {
      const to = Math.min(slice.rows, row + CAPACITY)
      for (; row < to; row++) this.#readRow(row)
      this.#handOver(sink)
    }
  }

  /** Rows by what became of them so far; a row is what a line is in text. */
  get counts(): LineCounts {
    const malformed = this.#malformed
    const skipData = this.#skipData
    const noData = this.#noData
    return { lines: this.#records + malformed + skipData + noData, malformed, skipData, noData }
  }

  #columnOf(slot: number, tokens: RecordTokens): TextColumn | IntegerColumn {
    switch (slot) {
      case SOURCE:
        return this.#source.texts
      case DESTINATION:
        return this.#destination.texts
      case BYTES:
      case START:
      case END:
      case PACKETS:
        return new IntegerColumn()
      case STATUS:
        return oneOf({ OK, SKIPDATA, NODATA })
      case DIRECTION:
        return oneOf({ egress: EGRESS, ingress: INGRESS_DIRECTION })
      case ACTION:
        return oneOf({ REJECT })
      case INTERFACE_TYPE:
        return new TextColumn(DASH, (bytes, from, to) => (isDash(bytes, from, to) ? DASH : OTHER))
      case INSTANCE:
        return tokenColumn(tokens.instances)
      case INTERFACE:
        return tokenColumn(tokens.interfaces)
      case ZONE:
        return tokenColumn(tokens.zones)
      default:
        throw new RangeError(`slot ${slot}: expected one of a field`)
    }
  }

  // Puts the row into the batch as far as its account needs it, or counts it.
  #readRow(row: number): void {
    if (this.#overlong && this.#texts.some(column => column.length(row) > MAX_LINE_BYTES)) {
      this.#malformed++
      return
    }
    const status = this.#meaning(STATUS, row, OK)
    if (status === SKIPDATA) {
      this.#skipData++
      return
    }
    const bytes = this.#integer(BYTES)
    const bytesRead = bytes.read(row)
    if (status === NODATA || (bytesRead === DASHED && this.#columns[STATUS] === undefined)) {
      this.#noData++
      return
    }
    const start = this.#integer(START)
    const startRead = start.read(row)
    const direction = this.#meaning(DIRECTION, row, OTHER)
    const source = this.#source.family(row)
    const destination = this.#destination.family(row)
    // On a row that claims to be complete, each needed value must be readable.
    if (status === OK && bytesRead !== DASHED) {
      const readable = bytesRead === READ && startRead === READ && direction !== OTHER
      if (!readable || source === UNREADABLE || destination === UNREADABLE) {
        this.#malformed++
        return
      }
    }

    const batch = this.#batch
    const at = batch.count++
    this.#rows[at] = row
    batch.byteWords[at * 2] = bytes.low
    batch.byteWords[at * 2 + 1] = bytes.high
    const millis = startRead === READ ? (start.high * WORD + start.low) * 1000 : Number.NaN
    batch.start[at] = millis
    batch.until[at] = millis + 1
    let flags = direction === INGRESS_DIRECTION ? INGRESS : 0
    if (source === 6) flags |= SOURCE_IPV6
    else if (source === UNREADABLE) flags |= SOURCE_UNREADABLE
    if (destination === 6) flags |= DESTINATION_IPV6
    else if (destination === UNREADABLE) flags |= DESTINATION_UNREADABLE
    batch.flags[at] = flags
  }

  #handOver(sink: (batch: RecordBatch) => void): void {
    const batch = this.#batch
    if (batch.count === 0) return
    this.#source.write(this.#rows, batch.count, batch.source)
    this.#destination.write(this.#rows, batch.count, batch.destination)
    this.#addEnds()
    this.#addPackets()
    this.#addFlags()
    this.#addTokens(INSTANCE, batch.instance, false)
    this.#addTokens(INTERFACE, batch.interface, this.#growing)
    this.#addTokens(ZONE, batch.zone, false)
    this.#records += batch.count
    sink(batch)
    batch.count = 0
  }

  #addEnds(): void {
    if (this.#columns[END] === undefined) return
    const end = this.#integer(END)
    const { count, start, until } = this.#batch
    for (let at = 0; at < count; at++) {
      const read = end.read(this.#rows[at]!) === READ
      const millis = read ? (end.high * WORD + end.low) * 1000 : Number.NaN
      until[at] = (millis >= start[at]! ? millis : start[at]!) + 1000
    }
  }

  #addPackets(): void {
    const { count, packetWords } = this.#batch
    packetWords.fill(0, 0, count * 2)
    if (this.#columns[PACKETS] === undefined) return
    const packets = this.#integer(PACKETS)
    for (let at = 0; at < count; at++) {
      packets.read(this.#rows[at]!)
      packetWords[at * 2] = packets.low
      packetWords[at * 2 + 1] = packets.high
    }
  }

  #addFlags(): void {
    const { count, flags } = this.#batch
    const action = this.#text(ACTION)
    const type = this.#text(INTERFACE_TYPE)
    for (let at = 0; at < count; at++) {
      const row = this.#rows[at]!
      if (action?.meaning(row) === REJECT) flags[at]! |= REJECTED
      if (type === undefined) continue
      flags[at]! |= type.meaning(row) === DASH ? TYPED_INTERFACE : TYPED_INTERFACE | MIDDLE_INTERFACE
    }
  }

  // Who logged it matters only of what was sent; a growing table is to meet every interface.
  #addTokens(slot: number, codes: Int32Array, all: boolean): void {
    const { count, flags } = this.#batch
    const column = this.#text(slot)
    for (let at = 0; at < count; at++) {
      const asked = all || (flags[at]! & (INGRESS | REJECTED)) === 0
      codes[at] = asked && column !== undefined ? column.meaning(this.#rows[at]!) : NO_TOKEN
    }
  }

  #meaning(slot: number, row: number, absent: number): number {
    return this.#text(slot)?.meaning(row) ?? absent
  }

  #text(slot: number): TextColumn | undefined {
    return this.#columns[slot] as TextColumn | undefined
  }

  #integer(slot: number): IntegerColumn {
    return this.#columns[slot] as IntegerColumn
  }
}

/** A text column of addresses: its meaning is the family, 4 or 6, or UNREADABLE; the words are kept beside. */
class AddressColumn {
  readonly texts: TextColumn
  #words = new Uint32Array(0)

  constructor() {
    const read: MeaningReader = (bytes, from, to, place) => {
      if (hasColon(bytes, from, to)) return readIPv6(bytes, from, to, this.#words, place * 4) ? 6 : UNREADABLE
      const value = readIPv4(bytes, from, to)
      if (value === UNREADABLE) return UNREADABLE
      this.#words[place * 4] = value
      return 4
    }
    this.texts = new TextColumn(UNREADABLE, read, count => {
      if (this.#words.length < count * 4) this.#words = new Uint32Array(count * 4)
    })
  }

  family(row: number): number {
    return this.texts.meaning(row)
  }

  /** Writes the words of these rows' addresses; those that can't be read leave what stood there. */
  write(rows: Int32Array, count: number, words: Uint32Array): void {
    for (let at = 0; at < count; at++) {
      const place = this.texts.place(rows[at]!) * 4
      if (place < 0) continue
      for (let word = 0; word < 4; word++) words[at * 4 + word] = this.#words[place + word]!
    }
  }
}

function oneOf(meanings: Readonly<Record<string, number>>): TextColumn {
  const known = Object.entries(meanings).map(([text, meaning]) => [encoder.encode(text), meaning] as const)
  return new TextColumn(
    OTHER,
    (bytes, from, to) => known.find(([text]) => isText(bytes, from, to, text))?.[1] ?? OTHER,
  )
}

function tokenColumn(table: TokenTable): TextColumn {
  return new TextColumn(NO_TOKEN, (bytes, from, to) => table.code(bytes, from, to))
}

function textOf(slice: TextSlice | IntegerSlice): TextSlice {
  if ('texts' in slice) return slice
  throw new TypeError('expected texts, got integers: the columns are others than parseColumns chose')
}
