// A scanner reads whole lines of text into a record batch.
//
// It is the hot half of reading a flow log, behind an interface so that a faster one can take its place. It is
// shared: many readers, one at a time, put their text in, scan, and hand the batch over, all within one call.
// What it can't make a record of it leaves to the reader, which sees such lines rarely.

import type { Format } from './format.ts'
import type { RecordBatch } from './record-batch.ts'
import { TokenTable } from './token-table.ts'

/** A longer line is malformed (AWS's are a few hundred bytes); it bounds what a reader keeps between chunks. */
export const MAX_LINE_BYTES = 64 * 1024

/** Text is scanned in pieces of at most this many bytes: what a piece becomes stays in a core's own cache. */
export const PIECE_BYTES = 128 * 1024

export const TEXT_BYTES = MAX_LINE_BYTES + PIECE_BYTES + 1

/** The tokens whose codes the batches carry: which instances, interfaces and zones there are to be told apart. */
export interface RecordTokens {
  readonly instances: TokenTable
  readonly interfaces: TokenTable
  readonly zones: TokenTable
}

export const NO_TOKENS: RecordTokens = {
  instances: new TokenTable(),
  interfaces: new TokenTable(),
  zones: new TokenTable(),
}

export interface Scanner {
  /** Where text goes before it is scanned; TEXT_BYTES long. */
  readonly text: Uint8Array
  /** Filled from its count on; the reader sets the count back to 0. */
  readonly batch: RecordBatch
  /** Lines of log-status SKIPDATA and NODATA since the reader last set them to 0. */
  skipData: number
  noData: number
  /** The format of the lines to come. */
  use(format: Format): void
  /** Says that text[0, to) is new; its last byte is a line feed. */
  load(to: number): void
  /**
   * Reads the lines that were loaded, from the one that begins at `from`, which never goes back. Returns where it
   * stopped: the end of what was loaded, or the start of a line, either because the batch is full or because that
   * line is malformed or may be a header. With `noHeader` the line at `from` is known to be none.
   */
  scan(from: number, noHeader?: boolean): number
}
