/** One hour whose objects are Parquet, by the packages: as the worker puts them together, with the plain twin's input. */
import { parseAssignmentLine, Timeline } from '@zonetoll/assignments'
import {
  parseColumns,
  TableReader,
  type LineCounts,
  type RecordBatch,
  type RecordTokens,
} from '@zonetoll/flowlog'
import type { Hour } from '@zonetoll/model'
import { openTable, type TableFile } from '@zonetoll/parquet'
import { Attribution, closeHour, HourTotals, type ClosedHour } from '@zonetoll/rollup'
import type { PlainInput } from './plain-hour.ts'
import { GROWING_TOKENS, recordOf, type ReadFlowLog, type ReadRecord } from './read-records.ts'

/** A file in memory, and how often it was asked for what. */
export function fileOf(bytes: Uint8Array, asked: (from: number, to: number) => void = () => {}): TableFile {
  return {
    byteLength: bytes.length,
    read: async (from, to) => {
      asked(from, to)
      if (from < 0 || to > bytes.length || from >= to) throw new RangeError(`bytes ${from} to ${to}`)
      return bytes.slice(from, to)
    },
  }
}

/** The closed hour; file n holds the records of the input's n-th object. Throws what the packages throw. */
export async function closedParquetHour(
  input: PlainInput,
  files: readonly Uint8Array[],
  options: { readonly growing: boolean },
): Promise<ClosedHour> {
  const lines = input.assignments.map(text => parseAssignmentLine(text)).filter(line => line !== null)
  const timeline = new Timeline(lines, { appLabels: input.appLabels })
  const hour = input.hour as Hour
  const attribution = Attribution.of(timeline, hour, options)
  const totals = new HourTotals(hour, attribution, { allPairs: input.allPairs })
  for (const [at, { flowLog }] of input.objects.entries()) {
    const read = await readTable(fileOf(files[at]!), attribution.tokens, batch => totals.add(batch, flowLog))
    totals.addLines(read.counts)
  }
  return closeHour(totals, timeline)
}

/** All records and counts of a Parquet flow log. Throws TableError and FormatError. */
export async function readParquetRecords(file: TableFile): Promise<ReadFlowLog> {
  const records: ReadRecord[] = []
  const read = await readTable(file, GROWING_TOKENS, batch => {
    for (let row = 0; row < batch.count; row++) records.push(recordOf(batch, row))
  })
  return { records, ...read }
}

async function readTable(
  file: TableFile,
  tokens: RecordTokens,
  sink: (batch: RecordBatch) => void,
): Promise<{ readonly counts: LineCounts; readonly interfaceAddresses: boolean }> {
  const table = await openTable(file)
  const { columns, slots, interfaceAddresses } = parseColumns(table.columns)
  const reader = new TableReader(slots, tokens)
  for await (const slice of table.slices(columns)) reader.push(slice, sink)
  return { counts: reader.counts, interfaceAddresses }
}
