// The moment something was seen, by our clock, never going backwards.
//
// Of several lines of one thing the greatest `seen` wins (contract, section 3), so each must be greater than the one
// before it: a clock that is set back, or that shows one millisecond for two changes, mustn't undo the later one.

import type { UnixMillis } from '@zonetoll/model'

export class WatchClock {
  readonly #clock: () => UnixMillis
  #latest = 0

  constructor(clock: () => UnixMillis) {
    this.#clock = clock
  }

  /** Now, and later than `previous`, if there is one. */
  seen(previous: UnixMillis | null = null): UnixMillis {
    const least = previous === null ? this.#latest : Math.max(this.#latest, previous + 1)
    this.#latest = Math.max(least, this.#clock())
    return this.#latest as UnixMillis
  }

  /** Now, and later than everything that was seen. */
  seenAll(): UnixMillis {
    return this.seen(this.#latest as UnixMillis)
  }
}
