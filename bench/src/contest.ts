// The contest: every contestant on the same objects, in turn, A B C A B C …, so that what else the machine does meets
// all alike. Each answer is checked; a wrong one ends it.

import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { RunError } from '@zonetoll/command'
import { checkAnswer, compareRows, countRows, type Answer, type RightAnswer } from './answer.ts'
import { taskIn, type Contestant } from './contestants.ts'
import { removeFolder } from './data-set.ts'
import type { Span, Task } from './drive.ts'

/** What one contestant took in one round. */
export interface Round {
  readonly work: Span
  readonly process: Span
  readonly peak: number | null
}

export interface Result {
  readonly name: string
  readonly absent: string | null
  /** Empty for those that are absent. */
  readonly rounds: readonly Round[]
}

export interface ContestResult {
  readonly results: readonly Result[]
  /** Rows of the rollup; null where nobody makes any. */
  readonly rows: number | null
}

export interface ContestOptions {
  readonly rounds: number
  readonly signal: AbortSignal
  /** Hears who is next, in which round from 1. */
  onTurn(name: string, round: number): void
}

/** Throws RunError naming the contestant where one fails or its answer is wrong. */
export async function contest(
  contestants: readonly Contestant[],
  task: Omit<Task, 'folder'>,
  right: RightAnswer,
  options: ContestOptions,
): Promise<ContestResult> {
  const present = contestants.filter(({ absent }) => absent === null)
  const rounds = new Map<Contestant, Round[]>(present.map(contestant => [contestant, []]))
  const folder = await mkdtemp(join(tmpdir(), 'zonetoll-contest-'))
  try {
    const jury = new Jury(right)
    for (let round = 1; round <= options.rounds; round++) {
      for (const contestant of present) {
        options.onTurn(contestant.name, round)
        const own = await taskIn(folder, `${contestant.name} ${round}`, task)
        const { answer, ...took } = await contestant.run(own, options.signal)
        await jury.check(contestant.name, answer)
        if (!jury.needs(own.folder)) await removeFolder(own.folder)
        rounds.get(contestant)!.push(took)
      }
    }
    return {
      results: contestants.map(contestant => ({
        name: contestant.name,
        absent: contestant.absent,
        rounds: rounds.get(contestant) ?? [],
      })),
      rows: await jury.rows(),
    }
  } finally {
    await removeFolder(folder)
  }
}

/** Holds every answer against what is known, and rows against the first that came. */
export class Jury {
  readonly #right: RightAnswer
  #first: { readonly name: string; readonly file: string } | null = null

  constructor(right: RightAnswer) {
    this.#right = right
  }

  /** Throws RunError where the answer is wrong. */
  async check(name: string, answer: Answer): Promise<void> {
    const wrong = await checkAnswer(answer, this.#right)
    if (wrong !== null) throw new RunError(`${name} has a wrong answer: ${wrong}`)
    if (answer.kind !== 'rows') return
    if (this.#first === null) {
      this.#first = { name, file: answer.file }
      return
    }
    const different = await compareRows(this.#first.file, answer.file)
    if (different !== null) {
      throw new RunError(`${name} has another answer than ${this.#first.name}: ${different}`)
    }
  }

  /** Whether the rows that others are held against lie in the folder. */
  needs(folder: string): boolean {
    return this.#first?.file.startsWith(`${folder}/`) ?? false
  }

  async rows(): Promise<number | null> {
    return this.#first === null ? null : countRows(this.#first.file)
  }
}
