// Progress on a terminal while rollups are made ready: one line that is drawn over itself, and erased at the end.
//
//   412/720 rollups · 118 MiB fetched

import { formatBytes } from '@zonetoll/model'

const REDRAW_MILLIS = 100
/** What is over sooner needs no progress. */
const FIRST_MILLIS = 300
const ERASE = '\r\u001b[K'

export class FetchProgress {
  readonly #stream: NodeJS.WriteStream | null
  readonly #total: number
  readonly #begun = performance.now()
  #drawn = 0
  #fetched = 0

  /** Draws nothing where the stream is no terminal, or null. */
  constructor(stream: NodeJS.WriteStream | null, total: number) {
    this.#stream = stream?.isTTY === true ? stream : null
    this.#total = total
  }

  done(count: number, fetchedBytes: number): void {
    this.#fetched += fetchedBytes
    const now = performance.now()
    if (this.#stream === null || now - this.#begun < FIRST_MILLIS || now - this.#drawn < REDRAW_MILLIS) return
    this.#drawn = now
    const fetched = this.#fetched > 0 ? ` · ${formatBytes(this.#fetched)} fetched` : ''
    this.#stream.write(`${ERASE}${count}/${this.#total} rollups${fetched}`)
  }

  end(): void {
    if (this.#drawn > 0) this.#stream?.write(ERASE)
  }
}
