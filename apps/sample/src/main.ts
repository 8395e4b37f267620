// pnpm sample: a seeded data set of any size.

import { runCommand } from '@zonetoll/command'
import { canonicalJson, formatBytes, formatCount } from '@zonetoll/model'
import { writeSample, type SampleProgress, type SampleSummary } from './data-set.ts'
import { readOptions, SAMPLE, type CommandOptions } from './options.ts'

const REDRAW_MILLIS = 200

await runCommand(SAMPLE, async (command, run) => {
  const options = readOptions(command.opts())
  const shows = !options.quiet && process.stderr.isTTY
  const summary = await writeSample(options, run.signal, shows ? terminalProgress(options) : undefined)
  if (shows) process.stderr.write('\r\u001b[K')
  process.stdout.write(
    options.json ? `${canonicalJson(summaryJson(options, summary))}\n` : text(options, summary),
  )
})

function summaryJson(options: CommandOptions, summary: SampleSummary) {
  const { objects, lines, textBytes, storedBytes, assignmentFiles, truth } = summary
  const { out } = options
  return {
    out,
    hours: truth.hours.map(({ hour }) => hour),
    objects,
    lines,
    textBytes,
    storedBytes,
    assignmentFiles,
  }
}

function text(options: CommandOptions, summary: SampleSummary): string {
  const { objects, lines, textBytes, storedBytes, assignmentFiles, truth } = summary
  const crossed = truth.hours.reduce((sum, { accounts }) => sum + accounts.crossZone.bytes, 0)
  const hours = truth.hours.length
  const first = truth.hours[0]!.hour.slice(0, 13)
  return [
    `${formatCount(lines)} lines in ${formatCount(objects)} objects, ${formatBytes(textBytes)}, gzipped ${formatBytes(storedBytes)}`,
    `${formatCount(assignmentFiles)} files of assignments for ${formatCount(hours)} ${hours === 1 ? 'hour' : 'hours'} from ${first} on`,
    `${formatBytes(crossed)} of traffic cross zones: ${options.out}/truth.json has what must be found`,
    '',
    `pnpm start --hour ${first} --logs ${options.out}/logs --assignments ${options.out}/assignments`,
    '',
  ].join('\n')
}

// One line, drawn over itself: lines made, objects done.
function terminalProgress({ records, objects }: CommandOptions): SampleProgress {
  let drawn = 0
  return {
    report(lines, done) {
      const now = performance.now()
      if (now - drawn < REDRAW_MILLIS) return
      drawn = now
      process.stderr.write(
        `\r\u001b[K${formatCount(lines)} of ${formatCount(records)} lines · ${done}/${objects} objects`,
      )
    },
  }
}
