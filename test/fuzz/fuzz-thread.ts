/**
 * The thread that fuzzes: fast-check's inputs one after another until the time is over. It notes each input's number in
 * shared memory before it tries it, so that whoever waits sees a thread that hangs, and at which input.
 */
import { parentPort, workerData } from 'node:worker_threads'
import * as fc from 'fast-check'
import { makeTarget, type TargetName } from './targets.ts'

export interface FuzzOrder {
  readonly target: TargetName
  readonly seed: number
  readonly millis: number
  /** Of fast-check: the one input to try again. */
  readonly path: string | null
  readonly progress: SharedArrayBuffer
}

export interface FuzzReport {
  readonly inputs: number
  readonly outcomes: Readonly<Record<string, number>>
  /** Of the slowest input, milliseconds. */
  readonly slowest: number
  /** What went wrong, with fast-check's seed, path and least input. */
  readonly failure: string | null
  /** Resident memory of the process: the most between inputs, bytes. */
  readonly peak: number
}

const order = workerData as FuzzOrder
parentPort!.postMessage(await fuzz(order))

async function fuzz({ target: name, seed, millis, path, progress }: FuzzOrder): Promise<FuzzReport> {
  const target = await makeTarget(name)
  const number = new Int32Array(progress)
  const outcomes: Record<string, number> = {}
  let slowest = 0
  let peak = 0
  const until = performance.now() + millis
  const property = fc.asyncProperty(target.inputs, async input => {
    const at = Atomics.add(number, 0, 1)
    const begun = performance.now()
    const outcome = await target.attempt(input)
    slowest = Math.max(slowest, performance.now() - begun)
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
    // Asking costs as much as a small input.
    if (at % 64 === 0) peak = Math.max(peak, process.memoryUsage.rss())
  })
  const details = await fc.check(property, {
    seed,
    numRuns: path === null ? 2 ** 30 : 1,
    // Looked at between inputs; a thread that hangs is ended from outside.
    interruptAfterTimeLimit: Math.max(1, until - performance.now()),
    markInterruptAsFailure: false,
    ...(path === null ? {} : { path, endOnFailure: true }),
  })
  return {
    inputs: Atomics.load(number, 0),
    outcomes,
    slowest,
    failure: details.failed ? messageOf(details) : null,
    peak,
  }
}

function messageOf(details: fc.RunDetails<[unknown]>): string {
  const { errorInstance: error } = details
  return `${fc.defaultReportMessage(details)!}\n${error instanceof Error ? error.stack : String(error)}`
}
