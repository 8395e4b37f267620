/**
 * A target fuzzed in a thread of its own, watched from outside: an input that is never done with is found too.
 *
 *   vitest run test/fuzz                               a few seconds a target, the same inputs each time
 *   ZONETOLL_FUZZ_MINUTES=10 vitest run test/fuzz      so many minutes in all, other inputs each time
 *   ZONETOLL_FUZZ_SEED=n, ZONETOLL_FUZZ_PATH=p         the one input that a failure named, with -t and the target's name
 */
import { Worker } from 'node:worker_threads'
import type { FuzzOrder, FuzzReport } from './fuzz-thread.ts'
import { TARGETS, type TargetName } from './targets.ts'

const MINUTES = Number(process.env['ZONETOLL_FUZZ_MINUTES'] ?? 0)
export const LONG = MINUTES > 0
/** Of all targets together. */
const MILLIS = LONG ? MINUTES * 60_000 : 25_000
const PATH = process.env['ZONETOLL_FUZZ_PATH'] ?? null
const SEED = Number(process.env['ZONETOLL_FUZZ_SEED'] ?? (LONG ? Date.now() & 0x7fffffff : 20_241_122))

export const MILLIS_A_TARGET = Math.floor(MILLIS / Object.keys(TARGETS).length)
/** No input takes a hundredth of that where the machine is idle. */
const MOST_MILLIS_AN_INPUT = 30_000

/** Rejects where an input is not done with in time, naming how to try it again. */
export async function runFuzz(target: TargetName): Promise<FuzzReport> {
  const progress = new SharedArrayBuffer(12)
  const order: FuzzOrder = { target, seed: SEED, millis: MILLIS_A_TARGET, path: PATH, progress }
  const worker = new Worker(new URL('./fuzz-thread.ts', import.meta.url), { workerData: order })
  const at = new Int32Array(progress)
  let [seen, since] = [0, performance.now()]
  let watch: NodeJS.Timeout | undefined
  try {
    return await new Promise<FuzzReport>((resolve, reject) => {
      watch = setInterval(() => {
        const now = Atomics.load(at, 0)
        if (now !== seen) [seen, since] = [now, performance.now()]
        else if (performance.now() - since > MOST_MILLIS_AN_INPUT) {
          const again = `ZONETOLL_FUZZ_SEED=${Atomics.load(at, 1)} ZONETOLL_FUZZ_PATH=${Atomics.load(at, 2)}`
          reject(new Error(`${target}: an input is not done with after ${MOST_MILLIS_AN_INPUT} ms; ${again}`))
        }
      }, 500)
      worker.once('message', resolve)
      worker.once('error', reject)
      worker.once('exit', () => reject(new Error(`${target}: the thread ended before it reported`)))
    })
  } finally {
    clearInterval(watch)
    await worker.terminate()
  }
}

/** How to run the very same inputs again. */
export const AGAIN = `ZONETOLL_FUZZ_SEED=${SEED}`
