// Writes a data set of so many records and prints the most memory that the process had, in KiB.

import { withDataSet } from './data-sets.ts'

await withDataSet({ records: Number(process.argv[2]) }, () => {
  process.stdout.write(`${process.resourceUsage().maxRSS}\n`)
})
