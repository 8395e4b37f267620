// The reader of one flow-log object: chunks of its text in, record batches out.
//
// Chunks may be cut anywhere. What lies behind a chunk's last line feed is kept for the next one:
//
//   chunk 1  version … log-status\n2 1234 … OK\n2 12
//   chunk 2                                        34 … OK\n          (carry: "2 12")
//
// The first line is the header. A header line further down (objects joined by a third party) isn't a line, and where
// it names other columns they count from there on. Bad lines are counted, never thrown.

import { FormatError, isHeader, parseFormat, type Format } from './format.ts'
import type { RecordBatch } from './record-batch.ts'
import { MAX_LINE_BYTES, PIECE_BYTES, type Scanner } from './scanner.ts'

/** Lines by what became of them; lines = malformed + skipData + noData + the records handed over. */
export interface LineCounts {
  readonly lines: number
  readonly malformed: number
  readonly skipData: number
  readonly noData: number
}

const LINE_FEED = 10
const CARRIAGE_RETURN = 13

const decoder = new TextDecoder()

export class FlowLogReader {
  readonly #scanner: Scanner
  #format: Format | null = null
  #interfaceAddresses = false
  #carry = new Uint8Array(1024)
  #carried = 0
  #overlong = false
  #records = 0
  #malformed = 0
  #skipData = 0
  #noData = 0

  constructor(scanner: Scanner) {
    this.#scanner = scanner
  }

  /** True once a format without pkt-srcaddr and pkt-dstaddr was met: its interfaces' addresses served. */
  get interfaceAddresses(): boolean {
    return this.#interfaceAddresses
  }

  /**
   * Reads a chunk; the sink gets the records of its whole lines, in order, in batches that are valid during the
   * call. Throws FormatError where the header doesn't name the needed fields.
   */
  push(chunk: Uint8Array, sink: (batch: RecordBatch) => void): void {
    try {
      for (let at = 0; at < chunk.length; at += PIECE_BYTES) {
        this.#pushPiece(chunk.subarray(at, at + PIECE_BYTES), sink)
        this.#handOver(sink)
      }
    } finally {
      // The scanner is shared: after an error nothing of this object may reach another's reader.
      this.#scanner.batch.count = 0
      this.#scanner.skipData = 0
      this.#scanner.noData = 0
    }
  }

  /** Reads the last line, which needs no line feed. Throws FormatError where there was no line at all. */
  end(sink: (batch: RecordBatch) => void): LineCounts {
    if (this.#carried > 0 || this.#overlong) this.push(Uint8Array.of(LINE_FEED), sink)
    if (this.#format === null) {
      throw new FormatError(
        'is empty: not even a header line is in it. Leave it out with --skip-bad-objects.',
      )
    }
    const malformed = this.#malformed
    const skipData = this.#skipData
    const noData = this.#noData
    return { lines: this.#records + malformed + skipData + noData, malformed, skipData, noData }
  }

  #pushPiece(piece: Uint8Array, sink: (batch: RecordBatch) => void): void {
    const { text } = this.#scanner
    let from = 0
    if (this.#overlong) {
      const end = piece.indexOf(LINE_FEED)
      if (end < 0) return
      this.#overlong = false
      this.#malformed++
      from = end + 1
    }
    text.set(this.#carry.subarray(0, this.#carried), 0)
    text.set(from === 0 ? piece : piece.subarray(from), this.#carried)
    const length = this.#carried + piece.length - from
    this.#carried = 0
    const whole = text.lastIndexOf(LINE_FEED, length - 1) + 1
    if (length > 0 && whole > 0) this.#scanLines(whole, sink)
    this.#keep(length > 0 ? whole : 0, length)
  }

  #scanLines(to: number, sink: (batch: RecordBatch) => void): void {
    const scanner = this.#scanner
    let at = this.#format === null ? this.#readHeader(0) : 0
    scanner.use(this.#format!)
    scanner.load(to)
    while (at < to) {
      at = scanner.scan(at)
      if (scanner.batch.count === scanner.batch.capacity) this.#handOver(sink)
      else if (at < to) at = this.#readHeaderAgain(at) ?? this.#readOddLine(at)
    }
    this.#skipData += scanner.skipData
    this.#noData += scanner.noData
    scanner.skipData = 0
    scanner.noData = 0
  }

  #handOver(sink: (batch: RecordBatch) => void): void {
    const { batch } = this.#scanner
    if (batch.count === 0) return
    this.#records += batch.count
    sink(batch)
    batch.count = 0
  }

  // The header line at `at`; returns where the next line begins.
  #readHeader(at: number): number {
    const end = this.#scanner.text.indexOf(LINE_FEED, at)
    if (end - at > MAX_LINE_BYTES) throw overlongHeader()
    this.#take(parseFormat(this.#lineText(at, end)))
    return end + 1
  }

  // The header line that stands at `at` again; null where that line is none.
  #readHeaderAgain(at: number): number | null {
    const { text } = this.#scanner
    const end = text.indexOf(LINE_FEED, at)
    if (end - at > MAX_LINE_BYTES) return null
    const line = this.#lineText(at, end)
    if (!isHeader(line)) return null
    if (line !== this.#format!.header) this.#take(parseFormat(line))
    this.#scanner.use(this.#format!)
    return end + 1
  }

  // A line that is no header and that the scanner left: a record after all, or malformed.
  #readOddLine(at: number): number {
    const after = this.#scanner.scan(at, true)
    if (after > at) return after
    this.#malformed++
    return this.#scanner.text.indexOf(LINE_FEED, at) + 1
  }

  #take(format: Format): void {
    this.#format = format
    if (format.interfaceAddresses) this.#interfaceAddresses = true
  }

  #lineText(at: number, lineFeed: number): string {
    const { text } = this.#scanner
    const end = lineFeed > at && text[lineFeed - 1] === CARRIAGE_RETURN ? lineFeed - 1 : lineFeed
    return decoder.decode(text.subarray(at, end))
  }

  // Keeps text[from, to), the start of a line, for the next piece.
  #keep(from: number, to: number): void {
    const length = to - from
    if (length > MAX_LINE_BYTES) {
      if (this.#format === null) throw overlongHeader()
      this.#overlong = true
      return
    }
    if (length > this.#carry.length) this.#carry = new Uint8Array(Math.min(length * 2, MAX_LINE_BYTES))
    this.#carry.set(this.#scanner.text.subarray(from, to))
    this.#carried = length
  }
}

function overlongHeader(): FormatError {
  return new FormatError(
    `has no header line: its first line is longer than ${MAX_LINE_BYTES} bytes. It isn't a flow log; leave it out with --skip-bad-objects.`,
  )
}
