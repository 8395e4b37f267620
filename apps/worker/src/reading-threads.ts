// Threads that read objects: who has least to do gets the next one.
//
// The timeline's columns lie in shared memory, so threads cost their own totals and scanner, not another timeline.
// Messages: a thread is told to read an object, to stop reading, or to hand over its totals; it answers.

import { Worker } from 'node:worker_threads'
import { RunError } from '@zonetoll/command'
import type { StoredObject } from '@zonetoll/objects'
import type { Attribution, AttributionColumns, HourColumns } from '@zonetoll/rollup'
import type { LogObject } from './find-logs.ts'
import type { ReaderSettings, ReadObject } from './object-reader.ts'
import { shared } from './shared-columns.ts'

export interface ThreadData {
  readonly settings: ReaderSettings
  readonly attribution: AttributionColumns
}

/** What of an object crosses to a thread: its location is opened anew there. */
export interface ThreadObject extends Omit<LogObject, 'store'> {
  readonly object: StoredObject
}

export type Ask =
  | { readonly ask: 'read'; readonly id: number; readonly object: ThreadObject }
  | { readonly ask: 'totals' }
  | { readonly ask: 'stop' }

export type Answer =
  | { readonly answer: 'records'; readonly records: number }
  | { readonly answer: 'read'; readonly id: number; readonly read: ReadObject }
  | { readonly answer: 'failed'; readonly id: number; readonly message: string; readonly stack: string }
  | { readonly answer: 'totals'; readonly columns: HourColumns }

interface Pending {
  resolve(read: ReadObject): void
  reject(error: unknown): void
}

class ReadingThread {
  readonly worker: Worker
  readonly #pending = new Map<number, Pending>()
  #totals: ((columns: HourColumns) => void) | undefined
  #failed: unknown
  #next = 0

  constructor(data: ThreadData, onRecords: (records: number) => void) {
    this.worker = new Worker(new URL('./reading-thread.ts', import.meta.url), { workerData: data })
    this.worker.on('message', (answer: Answer) => this.#hear(answer, onRecords))
    this.worker.on('error', error => this.#fail(error))
    this.worker.on('exit', () =>
      this.#fail(new RunError('a thread that read objects ended before its work did')),
    )
  }

  get load(): number {
    return this.#pending.size
  }

  read({ store: _store, ...object }: LogObject): Promise<ReadObject> {
    return new Promise((resolve, reject) => {
      if (this.#failed !== undefined) {
        reject(this.#failed)
        return
      }
      const id = this.#next++
      this.#pending.set(id, { resolve, reject })
      this.say({ ask: 'read', id, object })
    })
  }

  totals(): Promise<HourColumns> {
    return new Promise((resolve, reject) => {
      this.#totals = resolve
      this.worker.once('exit', () => reject(this.#failed))
      this.say({ ask: 'totals' })
    })
  }

  say(ask: Ask): void {
    this.worker.postMessage(ask)
  }

  #hear(answer: Answer, onRecords: (records: number) => void): void {
    switch (answer.answer) {
      case 'records':
        onRecords(answer.records)
        break
      case 'totals':
        this.#totals?.(answer.columns)
        break
      case 'read':
        this.#take(answer.id)?.resolve(answer.read)
        break
      case 'failed': {
        const error = new RunError(answer.message)
        error.stack = answer.stack
        this.#take(answer.id)?.reject(error)
      }
    }
  }

  #take(id: number): Pending | undefined {
    const pending = this.#pending.get(id)
    this.#pending.delete(id)
    return pending
  }

  #fail(error: unknown): void {
    this.#failed ??= error
    for (const pending of this.#pending.values()) pending.reject(this.#failed)
    this.#pending.clear()
  }
}

export class ReadingThreads {
  readonly #threads: readonly ReadingThread[]
  #stopped = false

  constructor(
    threads: number,
    settings: ReaderSettings,
    attribution: Attribution,
    onRecords: (records: number) => void,
  ) {
    const data: ThreadData = { settings, attribution: shared(attribution.columns) }
    this.#threads = Array.from({ length: threads }, () => new ReadingThread(data, onRecords))
  }

  /** Rejects with a RunError where the object can't be read, or one that says why its thread ended. */
  read(object: LogObject, signal: AbortSignal): Promise<ReadObject> {
    signal.addEventListener('abort', () => this.#stop(), { once: true })
    const [least] = this.#threads.toSorted((a, b) => a.load - b.load)
    return least!.read(object)
  }

  totals(): Promise<HourColumns[]> {
    return Promise.all(this.#threads.map(thread => thread.totals()))
  }

  async end(): Promise<void> {
    await Promise.all(this.#threads.map(thread => thread.worker.terminate()))
  }

  #stop(): void {
    if (this.#stopped) return
    this.#stopped = true
    for (const thread of this.#threads) thread.say({ ask: 'stop' })
  }
}
