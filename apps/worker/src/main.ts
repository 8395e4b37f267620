// pnpm start: hours of flow logs become rollups.

import { fileURLToPath } from 'node:url'
import { complain, printable, RunError, runCommand, UsageError, type Run } from '@zonetoll/command'
import { canonicalJson, formatHour, type Json } from '@zonetoll/model'
import { openLocation, StoreError, type Location } from '@zonetoll/objects'
import { gunzipThreads } from './cores.ts'
import { resolveCluster } from './load-timeline.ts'
import { makeHour, type HourPlaces, type MadeHour } from './make-hour.ts'
import { readOptions, START, type WorkerOptions } from './options.ts'
import { NO_PROGRESS, TerminalProgress } from './progress.ts'
import { formatSummary, summaryJson } from './summary.ts'

/** Columns of a terminal that doesn't tell (some tell 0), and of anything else. */
const DEFAULT_WIDTH = 100

const bundled = fileURLToPath(new URL('../../sample/bundled/', import.meta.url))
const SAMPLE = { logs: `${bundled}logs`, assignments: `${bundled}assignments` }

await runCommand(START, async (command, run) => {
  const options = readOptions(command.opts(), SAMPLE)
  // libuv's threads, which gunzip, begin when the first is needed.
  process.env['UV_THREADPOOL_SIZE'] ??= String(gunzipThreads(options.threads))
  const places = await placesOf(options, run)
  const results: Json[] = []
  const failures: string[] = []
  for (const hour of options.hours) {
    run.signal.throwIfAborted()
    try {
      const made = await makeHour(places, hour, options, run, progressOf(options))
      report(made, options)
      results.push(summaryJson(made, options.sample))
    } catch (error) {
      if (run.signal.aborted || options.hours.length === 1) throw error
      const message = error instanceof Error ? error.message : String(error)
      complain(`${formatHour(hour)}: ${message}`, error)
      failures.push(formatHour(hour))
      results.push({ hour: formatHour(hour), error: message })
    }
  }
  if (options.json) process.stdout.write(`${canonicalJson({ hours: results })}\n`)
  if (failures.length > 0) {
    throw new RunError(`${failures.length} of ${options.hours.length} hours failed: ${failures.join(', ')}`)
  }
})

async function placesOf(options: WorkerOptions, run: Run): Promise<HourPlaces> {
  const logs = options.logs.map(uri => locationOf('--logs', uri))
  const assignments = locationOf('--assignments', options.assignments)
  const rollups = locationOf('--rollups', options.rollups)
  sayIfSample(options)
  return {
    logs,
    assignments,
    rollups,
    cluster: await resolveCluster(assignments, options.cluster, run.signal),
  }
}

function sayIfSample(options: WorkerOptions): void {
  if (options.sample) {
    process.stderr.write(
      'No --logs and --assignments given: this is the bundled sample, nothing of AWS is read.\n',
    )
  } else if (options.logs[0] === SAMPLE.logs || options.assignments === SAMPLE.assignments) {
    const names = ['--logs', '--assignments']
    const [missing, given] = options.logs[0] === SAMPLE.logs ? names : names.toReversed()
    process.stderr.write(
      `warning: no ${missing} given, so those of the bundled sample are read: they don't belong to your ${given}\n`,
    )
  }
}

function locationOf(option: string, uri: string): Location {
  try {
    return openLocation(uri)
  } catch (cause) {
    if (!(cause instanceof StoreError)) throw cause
    throw new UsageError(`${option}: ${cause.message}`, { cause })
  }
}

function progressOf({ quiet }: WorkerOptions) {
  return quiet || !process.stderr.isTTY ? NO_PROGRESS : new TerminalProgress(process.stderr)
}

function report(made: MadeHour, { json, sample }: WorkerOptions): void {
  for (const warning of made.warnings) process.stderr.write(`warning: ${printable(warning)}\n`)
  if (json) return
  const width = process.stdout.columns || DEFAULT_WIDTH
  process.stdout.write(formatSummary(made, { sample, width }))
}
