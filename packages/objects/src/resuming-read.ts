// A body that goes on where it was cut.
//
//   open(0) ──bytes──✂           the connection breaks, or brings no byte for stallTimeoutMs
//        open(reached) ──bytes──▶ the rest, from the byte reached, of the very same object
//
// Only attempts without a byte count: a body that moves, however often it is cut, is read to its end. The time is
// measured while a chunk is waited for, not while the consumer works on one.

import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'

import { oneLine, StoreError } from './store-error.ts'
import type { StoredObject } from './store.ts'

const ATTEMPTS_WITHOUT_PROGRESS = 5

export interface ResumeOptions {
  /** Names the object in messages. */
  readonly uri: string
  readonly stallTimeoutMs: number
  /** The first pause before another attempt; each further one without progress is twice as long. */
  readonly retryDelayMs: number
  readonly signal?: AbortSignal | undefined
}

class Stall extends Error {}

/**
 * The bytes of an object, exactly `object.size` of them. `open` gives the body from an offset on and rejects with a
 * StoreError when it can't: that ends the read. Throws StoreError 'cut' or 'stalled' when attempts run out, 'changed'
 * when the body is longer than the object, and the signal's reason.
 */
export async function* resumingRead(
  object: StoredObject,
  open: (offset: number) => Promise<Readable>,
  options: ResumeOptions,
): AsyncGenerator<Uint8Array> {
  const { uri, stallTimeoutMs, retryDelayMs, signal } = options
  let reached = 0
  let fruitless = 0
  for (;;) {
    const before = reached
    let failure: unknown
    const body = await open(reached)
    try {
      for await (const chunk of chunksOf(body, stallTimeoutMs, signal)) {
        reached += chunk.length
        if (reached > object.size) {
          const what = `${uri} is longer than the ${object.size} bytes that were listed`
          throw new StoreError(
            'changed',
            `${what}: it changed meanwhile; run again when nothing writes to it`,
          )
        }
        yield chunk
      }
      failure = new Error('the body ended early')
    } catch (error) {
      if (signal?.aborted) throw signal.reason
      if (error instanceof StoreError) throw error
      failure = error
    }
    // Also when the connection broke after the last byte.
    if (reached === object.size) return
    fruitless = reached > before ? 0 : fruitless + 1
    if (fruitless >= ATTEMPTS_WITHOUT_PROGRESS) throw exhausted(failure, object, reached, options)
    // Jittered, so that readers which were cut together don't return together.
    await sleep(retryDelayMs * 2 ** fruitless * (0.5 + Math.random() / 2), undefined, { signal }).catch(
      () => {
        throw signal?.reason
      },
    )
  }
}

async function* chunksOf(
  body: Readable,
  stallTimeoutMs: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  const onAbort = () => body.destroy(new Error('aborted'))
  const onStall = () => body.destroy(new Stall(`no byte for ${stallTimeoutMs} ms`))
  // The iterator reports errors only while it waits; one that comes between chunks must not end the process.
  body.on('error', () => {})
  signal?.addEventListener('abort', onAbort, { once: true })
  let timer: NodeJS.Timeout | undefined
  try {
    signal?.throwIfAborted()
    const chunks = body[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>
    for (;;) {
      timer = setTimeout(onStall, stallTimeoutMs)
      const next = await chunks.next()
      clearTimeout(timer)
      if (next.done === true) return
      yield next.value
    }
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', onAbort)
    // An unread rest would hold its connection for ever.
    body.destroy()
  }
}

function exhausted(
  failure: unknown,
  object: StoredObject,
  reached: number,
  { uri }: ResumeOptions,
): StoreError {
  const where = `at byte ${reached} of ${object.size}, ${ATTEMPTS_WITHOUT_PROGRESS} times without one byte more`
  const text = oneLine((failure as Error).message)
  return failure instanceof Stall
    ? new StoreError('stalled', `${uri} stalls ${where} (${text}); check the network, run again`, failure)
    : new StoreError('cut', `${uri} is cut off ${where} (${text}); check the network, run again`, failure)
}
