// What a run says of its hours, while it goes and at its end: text for a person, one JSON line, lines of metrics.
// Results go to standard output, messages to standard error.

import { complain, printable, printableJson, printableLine, redacted, RunError } from '@zonetoll/command'
import {
  canonicalJson,
  formatCount,
  formatHour,
  type Hour,
  type Json,
  type UnixSeconds,
} from '@zonetoll/model'
import { formatHours } from './hours-to-make.ts'
import type { MadeHour } from './make-hour.ts'
import type { MadeShard } from './make-shard.ts'
import { hourMetrics, runMetrics } from './metrics.ts'
import { formatShard } from './shard.ts'
import { formatSummary, summaryJson } from './summary.ts'

/** Columns of a terminal that doesn't tell (some tell 0), and of anything else. */
const DEFAULT_WIDTH = 100

export interface ReportOptions {
  readonly cluster: string
  readonly now: UnixSeconds
  readonly sample: boolean
  /** Where rollups go, as it was given. */
  readonly rollups: string
  readonly json: boolean
  readonly emf: boolean
  readonly quiet: boolean
  /** True where the run makes shards: their hours aren't made yet. */
  readonly shards: boolean
}

export class RunReport {
  readonly #options: ReportOptions
  readonly #results: Json[] = []
  readonly #failed: { readonly hour: Hour; readonly error: unknown }[] = []
  readonly #complete: Hour[] = []
  readonly #waiting: Hour[] = []
  readonly #lacks = new Set<string>()
  #made = 0
  #asked = 0
  #newest: Hour | null = null

  constructor(options: ReportOptions) {
    this.#options = options
  }

  /** An hour that was made, in so many seconds. */
  made(made: MadeHour, runTime: number): void {
    this.#asked++
    this.#made++
    this.#isComplete(made.hour)
    this.#warn(made.warnings)
    this.#results.push(summaryJson(made, this.#options.sample))
    if (this.#options.emf) for (const line of hourMetrics(made, runTime)) this.#say(printableJson(line))
    if (!this.#textIsMeant) return
    const width = process.stdout.columns || DEFAULT_WIDTH
    process.stdout.write(formatSummary(made, { ...this.#options, width }))
  }

  madeShard(made: MadeShard): void {
    this.#asked++
    this.#warn(made.warnings)
    const { hour, shard, partial, objects, objectsOfHour, records } = made
    this.#results.push({
      hour: formatHour(hour),
      cluster: made.cluster,
      shard: formatShard(shard),
      partial,
      objects: objects.length,
      objectsOfHour,
      records: Number(records),
      warnings: made.warnings,
    })
    if (this.#textIsMeant) {
      const share = `${formatCount(objects.length)} of ${formatCount(objectsOfHour)} objects, ${formatCount(records)} lines`
      this.#say(printable(`Shard ${formatShard(shard)} of ${formatHour(hour)}: ${share}\n  ${partial}`))
    }
  }

  /** An hour that another run made meanwhile, where that is no failure. */
  overtaken(hour: Hour, message: string): void {
    this.#asked++
    this.#isComplete(hour)
    this.note(`${formatHour(hour)}: ${message}`)
    this.#results.push({ hour: formatHour(hour), overtaken: message })
  }

  /** An hour that stands complete and needs nothing. */
  complete(hour: Hour): void {
    this.#complete.push(hour)
    this.#isComplete(hour)
  }

  /** An hour from before there was anything to make it of. */
  waiting(hour: Hour, lacks: string): void {
    this.#waiting.push(hour)
    this.#lacks.add(lacks)
  }

  /** Hours that failed for one reason. */
  failed(hours: readonly Hour[], error: unknown): void {
    this.#asked += hours.length
    for (const hour of hours) {
      this.#failed.push({ hour, error })
      this.#results.push({ hour: formatHour(hour), error: messageOf(error) })
    }
  }

  /** Says of one failure among several hours which they were. */
  complain(hours: readonly Hour[], error: unknown): void {
    complain(`${formatHours(hours)}: ${messageOf(error)}`, error)
  }

  /** A message that isn't asked for with --quiet. */
  note(message: string): void {
    if (!this.#options.quiet) process.stderr.write(`${printable(message)}\n`)
  }

  /** The end of the run. Throws what failed, or RunError where it was several hours' run. */
  end(several: boolean): void {
    const { cluster, now, emf, json, shards } = this.#options
    this.#sayWaiting()
    if (emf && (!shards || this.#failed.length > 0)) {
      const outcome = { made: this.#made, failed: this.#failed.length, newest: this.#newest }
      this.#say(runMetrics(cluster, now, outcome))
    }
    if (json) {
      const hours = { hours: this.#results }
      const looked = this.#complete.length + this.#waiting.length > 0
      const passed = { complete: this.#complete.map(formatHour), waiting: this.#waiting.map(formatHour) }
      this.#say(printableJson(canonicalJson(looked ? { ...hours, ...passed } : hours)))
    } else if (this.#asked === 0 && this.#complete.length > 0 && this.#textIsMeant) {
      this.#say(`Nothing to make: ${formatHours(this.#complete)} stands as its input is.`)
    }
    const [first] = this.#failed
    if (first === undefined) return
    if (!several) throw first.error
    const names = this.#failed.map(({ hour }) => formatHour(hour)).join(', ')
    throw new RunError(`${this.#failed.length} of ${this.#asked} hours failed: ${names}`)
  }

  get #textIsMeant(): boolean {
    return !this.#options.json && !this.#options.emf
  }

  #isComplete(hour: Hour): void {
    if (this.#newest === null || hour > this.#newest) this.#newest = hour
  }

  // Also with --quiet: an hour that is asked for and passed over is no progress.
  #sayWaiting(): void {
    if (this.#waiting.length === 0) return
    const lacks = [...this.#lacks].join(' or ')
    process.stderr.write(
      `passed over ${formatHours(this.#waiting)}: no ${lacks} yet; they are made once there are, while --due looks back that far\n`,
    )
  }

  #warn(warnings: readonly string[]): void {
    for (const warning of warnings) process.stderr.write(`warning: ${printableLine(warning)}\n`)
  }

  #say(line: string): void {
    process.stdout.write(`${line}\n`)
  }
}

function messageOf(error: unknown): string {
  return redacted(error instanceof Error ? error.message : String(error))
}
