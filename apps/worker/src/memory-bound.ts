// A bound on the run's memory, so that it ends with a message before the system ends it without one.
//
//   --max-memory 2GiB     else four fifths of what the container may have (its cgroup's limit) or the machine has, and
//                         192 MiB less than that, but half of it in any case
//
// Two questions: before something large is taken (a table doubles, rows are put in order) whether it fits, and ten times
// a second whether what is there still does. Counted is resident memory, which is what a container is charged for;
// besides, V8 ends a process whose JavaScript objects pass a limit of its own. Memory that is only waiting for the
// garbage collector doesn't count: before anything fails, it runs.
// Source: Node.js documentation, process.constrainedMemory(), v8.getHeapStatistics(), --max-old-space-size.

import { totalmem } from 'node:os'
import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { BadValue, RunError, type Run } from '@zonetoll/command'
import { formatBytes, formatCount } from '@zonetoll/model'

/** What crosses to a thread. */
export interface MemoryLimit {
  readonly bytes: number
  /** What else than more memory helps, with a comma before it; may be empty. */
  readonly remedy: string
}

const SHARE = 0.8
/** By so much garbage passes the limit between two looks while rows are written. */
const ROOM_ABOVE_BYTES = 192 * 1024 ** 2
/** From four fifths on V8 gives up when collecting brings little. */
const HEAP_SHARE = 0.75
/** Of V8's own limit, the part of objects that live on: the rest is three semi-spaces of a 64th of that part. */
const OLD_SHARE = 64 / 67
const LOOK_MILLIS = 100
const LEAST_BYTES = 64 * 1024 ** 2
const UNITS = 'KMGT'

/** A size like `1500MiB`, `2G` or `2147483648`; units are powers of 1024. Throws BadValue. */
export function readSize(text: string): number {
  const parts = /^(\d{1,15}(?:\.\d{1,3})?)(?:([KMGT])i?B?)?$/i.exec(text)
  const unit = parts?.[2] === undefined ? 0 : UNITS.indexOf(parts[2].toUpperCase()) + 1
  const bytes = Math.floor(Number(parts?.[1]) * 1024 ** unit)
  if (!(bytes >= LEAST_BYTES && bytes <= Number.MAX_SAFE_INTEGER)) {
    throw new BadValue(`Expected a size like 1500MiB or 2GiB, at least ${formatBytes(LEAST_BYTES)}.`)
  }
  return bytes
}

/** The limit where nobody says one, in bytes. A container without a limit of its own counts as none. */
export function defaultMaxMemory(constrained = process.constrainedMemory(), total = totalmem()): number {
  const most = constrained > 0 ? Math.min(constrained, total) : total
  return Math.floor(Math.min(most * SHARE, Math.max(most / 2, most - ROOM_ABOVE_BYTES)))
}

/** What limits a run by its options. */
export function memoryLimit(options: {
  readonly maxMemory: number
  readonly threads: number
  readonly allPairs: boolean
}): MemoryLimit {
  const threads = options.threads > 1 ? ', or --threads 1 (each thread has totals of its own)' : ''
  const pairs = options.allPairs ? ', or leave --all-pairs out' : ''
  return { bytes: options.maxMemory, remedy: `${threads}${pairs}` }
}

export class MemoryBound {
  readonly #limit: MemoryLimit
  /** What a message says the memory is full of, where nobody asked for more. */
  holding: () => string = () => 'an hour that is being read'

  constructor(limit: MemoryLimit) {
    this.#limit = limit
  }

  /** For tables: throws RunError where so many bytes more, at so many pairs, would pass the limit. */
  readonly room = (bytes: number, pairs: number): void => {
    this.ask(bytes, () => `${formatCount(pairs)} distinct pairs`)
  }

  /** The same of anything that will take so many bytes of memory, or of JavaScript's own part of it. */
  ask(bytes: number, holding: () => string, heapBytes = 0): void {
    if (this.#fits(bytes, heapBytes)) return
    collectGarbage()
    if (!this.#fits(bytes, heapBytes)) throw this.#refusal(bytes + heapBytes, holding())
  }

  #fits(bytes: number, heapBytes: number): boolean {
    if (getHeapStatistics().used_heap_size + heapBytes > objectsLimit() * HEAP_SHARE) return false
    return process.memoryUsage.rss() + bytes + heapBytes <= this.#limit.bytes
  }

  #refusal(needed: number, holding: string): RunError {
    const objects = objectsLimit()
    const { bytes: limit, remedy } = this.#limit
    const resident = process.memoryUsage.rss()
    const more = needed > 0 ? `, and ${formatBytes(needed)} more are needed` : ''
    const held = `${formatBytes(resident)} are held, with ${holding}${more}`
    if (resident + needed <= limit) {
      return new RunError(
        `the memory for JavaScript objects is used up: ${held}; Node gives them ${formatBytes(objects)}. ` +
          `Give them more with NODE_OPTIONS=--max-old-space-size=${Math.ceil((objects * 2) / 1024 ** 2)} (MiB)${remedy}.`,
      )
    }
    return new RunError(
      `the memory is used up: of ${formatBytes(limit)} (--max-memory) ${held}. ` +
        `Give the run more memory${remedy}.`,
    )
  }

  /** The error where the system itself gave no more; null for any other error. */
  explain(error: unknown): RunError | null {
    const { message, code } = error as NodeJS.ErrnoException
    if (code !== 'ERR_WORKER_OUT_OF_MEMORY' && !/\ballocation failed\b/i.test(message)) return null
    return new RunError(
      `the system gives no more memory than the ${formatBytes(process.memoryUsage.rss())} that are held, with ` +
        `${this.holding()} (${message}). Give the run more memory${this.#limit.remedy}.`,
      { cause: error },
    )
  }
}

/**
 * Awaits work within the limit: it gets a run whose signal is aborted too when the memory is used up. Throws RunError
 * saying so.
 */
export async function withinMemory<T>(
  limit: MemoryLimit,
  run: Run,
  work: (within: Run, bound: MemoryBound) => Promise<T>,
): Promise<T> {
  const bound = new MemoryBound(limit)
  const full = new AbortController()
  const watch = setInterval(() => {
    try {
      bound.ask(0, bound.holding)
    } catch (error) {
      clearInterval(watch)
      full.abort(error)
    }
  }, LOOK_MILLIS)
  watch.unref()
  const within: Run = {
    signal: AbortSignal.any([run.signal, full.signal]),
    uninterrupted: async finish => {
      full.signal.throwIfAborted()
      return await run.uninterrupted(finish)
    },
  }
  try {
    return await work(within, bound)
  } catch (error) {
    if (run.signal.aborted) throw error
    full.signal.throwIfAborted()
    throw bound.explain(error) ?? error
  } finally {
    clearInterval(watch)
  }
}

// What V8 gives JavaScript objects: as it was told, else by the memory of the container or machine.
function objectsLimit(): number {
  const flags = [...process.execArgv, process.env['NODE_OPTIONS'] ?? ''].join(' ')
  const told = /--max[-_]old[-_]space[-_]size[= ](\d{1,9})/.exec(flags)
  return told === null ? getHeapStatistics().heap_size_limit * OLD_SHARE : Number(told[1]) * 1024 ** 2
}

let collect: (() => void) | undefined

// V8's own function, which it shows to code that begins after the flag was set. Takes some ms for each 100 MB that live.
function collectGarbage(): void {
  if (collect === undefined) {
    setFlagsFromString('--expose-gc')
    const gc = runInNewContext('gc') as (options: object) => void
    collect = () => gc({ type: 'major', execution: 'sync', flavor: 'last-resort' })
  }
  collect()
}
