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
  /** Three Int32: inputs tried; of the batch at hand the seed, and the input's number in it. */
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

const BATCH = 200
/** For an input that waits for something that never comes; one that computes for ever is seen from outside. */
const MOST_MILLIS_AN_INPUT = 20_000

const order = workerData as FuzzOrder
parentPort!.postMessage(await fuzz(order))

async function fuzz({ target: name, seed, millis, path, progress }: FuzzOrder): Promise<FuzzReport> {
  const target = await makeTarget(name)
  const at = new Int32Array(progress)
  const outcomes: Record<string, number> = {}
  let slowest = 0
  let peak = 0
  let failure: string | null = null
  let late = false
  const property = fc.asyncProperty(target.inputs, async input => {
    Atomics.add(at, 2, 1)
    const number = Atomics.add(at, 0, 1)
    const begun = performance.now()
    // One that is late is told as it is: each lesser one that is late too would take as long.
    if (late) return
    const outcome = await inTime(target.attempt(input), () => {
      late = true
    })
    slowest = Math.max(slowest, performance.now() - begun)
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
    // Asking costs as much as a small input.
    if (number % 64 === 0) peak = Math.max(peak, process.memoryUsage.rss())
  })
  const until = performance.now() + millis
  for (let batch = 0; failure === null && (batch === 0 || performance.now() < until); batch++) {
    const batchSeed = (seed + batch) | 0
    Atomics.store(at, 1, batchSeed)
    Atomics.store(at, 2, -1)
    const details = await fc.check(property, {
      seed: batchSeed,
      numRuns: BATCH,
      ...(path === null ? {} : { path, endOnFailure: true }),
    })
    if (details.failed) failure = messageOf(details)
    else if (path !== null) break
  }
  return { inputs: Atomics.load(at, 0), outcomes, slowest, failure, peak }
}

async function inTime(attempt: string | Promise<string>, onLate: () => void): Promise<string> {
  let timer: NodeJS.Timeout | undefined
  try {
    return await Promise.race([
      attempt,
      new Promise<never>((_, reject) => {
        timer = setTimeout(() => {
          onLate()
          reject(new Error(`the input is not done with after ${MOST_MILLIS_AN_INPUT} ms`))
        }, MOST_MILLIS_AN_INPUT)
      }),
    ])
  } finally {
    clearTimeout(timer)
  }
}

function messageOf(details: fc.RunDetails<[unknown]>): string {
  const { seed, counterexamplePath: path, errorInstance: error } = details
  return [
    `ZONETOLL_FUZZ_SEED=${seed} ZONETOLL_FUZZ_PATH=${path}`,
    fc.defaultReportMessage(details)!,
    error instanceof Error ? error.stack : String(error),
  ].join('\n')
}
