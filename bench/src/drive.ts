// The frame of a contestant that is a program of the benchmark's: told what to read, it times its work and answers.
//
//   node --import usage.ts rivals/plain-node.ts TASK     TASK is a Task as JSON; a Driven as JSON on standard output
//
// The work is what every contestant does alike, from the first object opened to the last row ready. What comes before
// (start-up, loading who held which address) and behind (writing the answer) isn't in it.

import { readFileSync } from 'node:fs'
import type { Hour } from '@zonetoll/model'
import type { Answer } from './answer.ts'
import { cpuSeconds } from './usage.ts'

export interface Task {
  readonly logs: string
  readonly assignments: string
  readonly cluster: string
  readonly hour: Hour
  /** Paths. */
  readonly objects: readonly string[]
  /** A folder of the contestant's own, for its answer and whatever else it writes. */
  readonly folder: string
}

/** CPU (user and system, all threads) and wall, in seconds. */
export interface Span {
  readonly cpu: number
  readonly wall: number
}

export interface Driven {
  readonly work: Span
  readonly answer: Answer
}

/** Runs the work that is timed; may be called once. */
export type Timed = <T>(work: () => Promise<T>) => Promise<T>

export async function drive(act: (task: Task, timed: Timed) => Promise<Answer>): Promise<void> {
  const task = JSON.parse(readFileSync(process.argv[2]!, 'utf8')) as Task
  let work: Span | undefined
  const answer = await act(task, async timedWork => {
    const [cpu, wall] = [cpuSeconds(), performance.now()]
    const result = await timedWork()
    work = { cpu: cpuSeconds() - cpu, wall: (performance.now() - wall) / 1000 }
    return result
  })
  const driven: Driven = { work: work!, answer }
  process.stdout.write(JSON.stringify(driven))
}
