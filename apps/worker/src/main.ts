// pnpm start: hours of flow logs become rollups.

import { runCommand, type Run } from '@zonetoll/command'
import { formatHour } from '@zonetoll/model'
import { gunzipThreads } from './cores.ts'
import { formatHours, hoursToMake, type HourTask } from './hours-to-make.ts'
import { resolveCluster } from './load-timeline.ts'
import { makeHour } from './make-hour.ts'
import { makeShard } from './make-shard.ts'
import type { HourPlaces } from './open-hour.ts'
import { readOptions, START, type WorkerOptions } from './options.ts'
import { locationOf, SAMPLE } from './places.ts'
import { NO_PROGRESS, TerminalProgress } from './progress.ts'
import { OvertakenError } from './replace-pair.ts'
import { RunReport } from './run-report.ts'

await runCommand(START, async (command, run) => {
  const options = readOptions(command.opts(), SAMPLE, { now: Date.now(), environment: process.env })
  // libuv's threads, which gunzip, begin when the first is needed.
  process.env['UV_THREADPOOL_SIZE'] ??= String(gunzipThreads(options.threads))
  const places = await placesOf(options, run)
  const { hours, due, unsettled } = options
  const report = new RunReport({ ...options, cluster: places.cluster, shards: options.shard !== null })
  if (unsettled.length > 0) report.note(`not settled yet, and left: ${formatHours(unsettled)}`)
  const several = hours.length > 1 || due
  for await (const task of hoursToMake(places, options, run.signal)) {
    switch (task.task) {
      case 'complete':
        report.complete(task.hour)
        break
      case 'waiting':
        report.waiting(task.hour, task.lacks)
        break
      case 'failed':
        report.complain(task.hours, task.error)
        report.failed(task.hours, task.error)
        break
      case 'make':
        await makeOne(task, places, options, run, report, several)
    }
  }
  report.end(several)
})

async function makeOne(
  { hour, settle, input, why }: HourTask & { readonly task: 'make' },
  places: HourPlaces,
  options: WorkerOptions,
  run: Run,
  report: RunReport,
  several: boolean,
): Promise<void> {
  run.signal.throwIfAborted()
  if (why !== null) report.note(`${formatHour(hour)} ${why}`)
  const own = { ...options, settle }
  const begun = performance.now()
  try {
    if (options.shard === null) {
      const made = await makeHour(places, hour, own, run, progressOf(options), input)
      report.made(made, (performance.now() - begun) / 1000)
    } else {
      report.madeShard(await makeShard(places, hour, options.shard, own, run, progressOf(options), input))
    }
  } catch (error) {
    if (run.signal.aborted) throw error
    // The next run looks whether what the other wrote is of all that is there.
    if (options.due && error instanceof OvertakenError) {
      report.overtaken(hour, error.message)
      return
    }
    if (several) report.complain([hour], error)
    report.failed([hour], error)
  }
}

async function placesOf(options: WorkerOptions, run: Run): Promise<HourPlaces> {
  const logs = options.logs.map((uri, at) => locationOf('--logs', uri, options.logsRoles[at]))
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

function progressOf({ quiet }: WorkerOptions) {
  return quiet || !process.stderr.isTTY ? NO_PROGRESS : new TerminalProgress(process.stderr)
}
