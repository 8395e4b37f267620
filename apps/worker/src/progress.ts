// Progress on a terminal: one line that is drawn over itself a few times a second.
//
//   12/48 objects · 410 MiB of 1.9 GiB · 1.8 M records/s · 12 s left
//
// Sizes are those of the objects as stored; time left assumes the rest goes as fast. Nothing is drawn elsewhere.

import { formatBytes, formatHour, type Hour } from '@zonetoll/model'
import type { LogObject } from './find-logs.ts'

const REDRAW_MILLIS = 200
/** Columns of a terminal that doesn't tell: some say 0. */
const DEFAULT_WIDTH = 80

export interface Progress {
  begin(hour: Hour, objects: readonly LogObject[]): void
  /** So many records more were read. */
  read(records: number): void
  finish(object: LogObject): void
  end(): void
}

export const NO_PROGRESS: Progress = { begin() {}, read() {}, finish() {}, end() {} }

export class TerminalProgress implements Progress {
  readonly #stream: NodeJS.WriteStream
  #label = ''
  #objects = 0
  #size = 0
  #doneObjects = 0
  #doneSize = 0
  #records = 0
  #begun = 0
  #drawn = 0

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream
  }

  begin(hour: Hour, objects: readonly LogObject[]): void {
    this.#label = formatHour(hour)
    this.#objects = objects.length
    this.#size = objects.reduce((sum, { object }) => sum + object.size, 0)
    this.#doneObjects = 0
    this.#doneSize = 0
    this.#records = 0
    this.#begun = performance.now()
    this.#draw()
  }

  read(records: number): void {
    this.#records += records
    if (performance.now() - this.#drawn > REDRAW_MILLIS) this.#draw()
  }

  finish({ object }: LogObject): void {
    this.#doneObjects++
    this.#doneSize += object.size
  }

  end(): void {
    this.#stream.write('\r\u001b[K')
  }

  #draw(): void {
    this.#drawn = performance.now()
    const seconds = (this.#drawn - this.#begun) / 1000
    const parts = [
      `${this.#label}  ${this.#doneObjects}/${this.#objects} objects`,
      `${formatBytes(this.#doneSize)} of ${formatBytes(this.#size)}`,
      `${formatRate(this.#records / Math.max(seconds, 0.001))} records/s`,
    ]
    if (this.#doneSize > 0) {
      parts.push(`${Math.ceil((seconds / this.#doneSize) * (this.#size - this.#doneSize))} s left`)
    }
    const line = parts.join(' · ').slice(0, (this.#stream.columns || DEFAULT_WIDTH) - 1)
    this.#stream.write(`\r\u001b[K${line}`)
  }
}

function formatRate(perSecond: number): string {
  return perSecond >= 1e6 ? `${(perSecond / 1e6).toFixed(1)} M` : `${Math.round(perSecond / 1000)} k`
}
