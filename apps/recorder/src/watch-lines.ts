// The lines of a watch's body, whatever the chunks they come in.
//
// One object is at most a few MB (etcd takes 1.5 MB); a line that doesn't end is a stream that can't be read.

import { KubeAnswerError } from './kube-request.ts'

const LINE_FEED = 10
const MAX_LINE_BYTES = 32 * 2 ** 20

export class WatchLines {
  #pending: Uint8Array[] = []
  #pendingLength = 0

  /** Hands over each line that the chunk ends, without its line feed. Throws KubeAnswerError. */
  push(chunk: Uint8Array, take: (line: string) => void): void {
    let start = 0
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      this.#keep(chunk.subarray(start, end))
      start = end + 1
      const line = Buffer.concat(this.#pending, this.#pendingLength).toString('utf8')
      this.#pending = []
      this.#pendingLength = 0
      if (line !== '') take(line)
    }
    if (start < chunk.length) this.#keep(chunk.subarray(start))
  }

  #keep(piece: Uint8Array): void {
    this.#pendingLength += piece.length
    if (this.#pendingLength > MAX_LINE_BYTES) {
      throw new KubeAnswerError(`a line of the watch is longer than ${MAX_LINE_BYTES} bytes`)
    }
    this.#pending.push(piece)
  }
}
