// pnpm report: draws the rollups.

import { runCommand } from '@zonetoll/command'
import { readReportOptions, REPORT } from './report-options.ts'

await runCommand(REPORT, async (command, run) => {
  const options = readReportOptions(command.opts())
  // DuckDB is loaded when there is something to draw.
  const { report } = await import('./report-page.ts')
  await report(options, run)
})
