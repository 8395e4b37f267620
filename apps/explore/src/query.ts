// pnpm query: asks the rollups.

import { layOut, runCommand } from '@zonetoll/command'
import { NAMED_QUERIES } from './named-queries.ts'
import { QUERY, readOptions } from './query-options.ts'

await runCommand(QUERY, async (command, run) => {
  const options = readOptions(command.args[0], command.opts())
  if (options === null) {
    process.stdout.write(listOfQueries())
    return
  }
  // DuckDB is loaded when something is asked.
  const { answer } = await import('./answer.ts')
  await answer(options, run)
})

function listOfQueries(): string {
  const names = layOut(
    NAMED_QUERIES.map(({ name, asks }) => [name, asks]),
    { left: 2 },
  )
  return [
    'Questions that have a name:',
    ...names.map(line => `  ${line}`),
    '',
    'Anything else: pnpm query "SELECT …" over the tables rollup and ledger.',
    'pnpm query --help has the options: which hours, whose pods, how many rows, which format.',
    '',
  ].join('\n')
}
