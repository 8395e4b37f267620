// How long a watch waits for what, and the waits between attempts.

import { setTimeout as sleep } from 'node:timers/promises'

/** All times in milliseconds. */
export interface WatchTiming {
  /** Objects a page of a list. */
  readonly pageSize: number
  /** How long a server is asked to keep a watch open; drawn evenly between the two, so that watches don't end together. */
  readonly watchMillis: readonly [number, number]
  /** How long a watch may send nothing. Bookmarks come about every 60 s. */
  readonly watchSilenceMillis: number
  /** How long the answer to a list may stand still. */
  readonly listSilenceMillis: number
  /** Before the second attempt at the least, and between attempts at the most. */
  readonly backoffMillis: readonly [number, number]
  /** Between attempts while a permission is missing: someone has to grant it first. */
  readonly forbiddenMillis: number
  /** How long pods wait for the nodes to be listed first. */
  readonly nodesFirstMillis: number
  /** How soon one and the same warning is said again. */
  readonly repeatMillis: number
}

export const WATCH_TIMING: WatchTiming = {
  pageSize: 500,
  watchMillis: [300_000, 600_000],
  watchSilenceMillis: 180_000,
  listSilenceMillis: 90_000,
  backoffMillis: [500, 30_000],
  forbiddenMillis: 60_000,
  nodesFirstMillis: 60_000,
  repeatMillis: 600_000,
}

/** Waits that double from attempt to attempt; each is drawn between half and the whole, so that many clients spread. */
export class Backoff {
  readonly #least: number
  readonly #most: number
  #attempts = 0

  constructor([least, most]: readonly [number, number]) {
    this.#least = least
    this.#most = most
  }

  next(): number {
    const whole = Math.min(this.#most, this.#least * 2 ** Math.min(this.#attempts++, 30))
    return whole * (0.5 + Math.random() / 2)
  }

  /** How many waits there were since the last reset. */
  get attempts(): number {
    return this.#attempts
  }

  reset(): void {
    this.#attempts = 0
  }
}

/** Ends early, without an error, when the signal aborts. */
export async function pause(millis: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(millis, undefined, { signal })
  } catch (error) {
    if (!signal.aborted) throw error
  }
}
