// Warnings of a program that runs for weeks: each is said at once, its repetitions only now and then, with their count.

import { printable } from '@zonetoll/command'
import { LRUCache } from 'lru-cache'

// More kinds of trouble than this at once and the oldest are said anew.
const MAX_KEYS = 1_000

interface Complaint {
  saidAt: number
  unsaid: number
}

export class WatchComplaints {
  readonly #warn: (message: string) => void
  readonly #repeatMillis: number
  readonly #said = new LRUCache<string, Complaint>({ max: MAX_KEYS })

  constructor(warn: (message: string) => void, repeatMillis: number) {
    this.#warn = warn
    this.#repeatMillis = repeatMillis
  }

  /** Says the message unless one with the key was said a short while ago. */
  say(key: string, message: string): void {
    const now = performance.now()
    const known = this.#said.get(key)
    if (known !== undefined && now - known.saidAt < this.#repeatMillis) {
      known.unsaid++
      return
    }
    const unsaid = known?.unsaid ?? 0
    this.#said.set(key, { saidAt: now, unsaid: 0 })
    this.#warn(printable(unsaid === 0 ? message : `${message} (and ${unsaid} times since it was last said)`))
  }

  /** Whether something with the key was said since it was last settled. */
  isOpen(key: string): boolean {
    return this.#said.has(key)
  }

  /** What the key stands for is over: when it comes again, it is said at once. */
  settle(key: string): void {
    this.#said.delete(key)
  }
}
