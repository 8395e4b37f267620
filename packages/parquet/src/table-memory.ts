// What pages take: how much at once, and how much they unpack to in all. Both are claims of the file until they are
// checked here.

import { TableError } from './table-error.ts'
import { MAX_PAGES_BYTES, MAX_UNPACKED_PER_BYTE, SMALL_BYTES } from './table-limits.ts'

export class Memory {
  #held = 0
  #unpacked = 0
  readonly #most: number

  constructor(fileBytes: number) {
    this.#most = Math.max(SMALL_BYTES, fileBytes * MAX_UNPACKED_PER_BYTE)
  }

  /** Says that so many bytes are about to be allocated. Throws TableError where that is too much. */
  take(bytes: number): void {
    this.#held += bytes
    if (this.#held <= MAX_PAGES_BYTES) return
    throw new TableError(
      `is a Parquet file whose pages are too large: those to be read at once would take more than ` +
        `${MAX_PAGES_BYTES / 1024 / 1024} MiB. Write it anew with smaller pages or row groups, or leave it out with --skip-bad-objects.`,
    )
  }

  give(bytes: number): void {
    this.#held -= bytes
  }

  /** Says that a page is about to be unpacked to so many bytes. Throws TableError where the file has had its share. */
  unpacks(bytes: number): void {
    this.#unpacked += bytes
    if (this.#unpacked <= this.#most) return
    throw new TableError(
      `is a Parquet file that unpacks to more than ${this.#most} bytes, which no flow log does`,
    )
  }
}
