/**
 * One hour by the packages: reader, timeline, attribution and totals, as the worker puts them together, with the
 * plain twin's input and output. Chunks, batch size and the number of parts are the caller's to vary.
 */
import { parseAssignmentLine, Timeline } from '@zonetoll/assignments'
import { FlowLogReader } from '@zonetoll/flowlog'
import { formatLedger, type Endpoint, type Hour, type Ledger, type RollupRow } from '@zonetoll/model'
import { Attribution, closeHour, HourTotals, type ClosedHour } from '@zonetoll/rollup'
import { makeScanner, type ScannerName } from './scanners.ts'
import type { PlainColumns } from './plain-assignments.ts'
import type { PlainHour, PlainInput } from './plain-hour.ts'

export interface RealOptions {
  /** Cuts an object's bytes into chunks; whole by default. */
  readonly chunks?: (bytes: Uint8Array) => readonly Uint8Array[]
  /** Records a batch. */
  readonly capacity?: number
  readonly scanner?: ScannerName
  /** Whether interfaces that no assignment names have codes too; true by default. */
  readonly growing?: boolean
  /** The objects are dealt out to so many parts, as to threads, whose totals are merged. */
  readonly parts?: number
  /** The bytes of an object's text; UTF-8 by default. */
  readonly encode?: (text: string) => Uint8Array
}

const encoder = new TextEncoder()

/** The closed hour. Throws what the packages throw. */
export function closedHour(input: PlainInput, options: RealOptions = {}): ClosedHour {
  const lines = input.assignments.map(text => parseAssignmentLine(text)).filter(line => line !== null)
  const timeline = new Timeline(lines, { appLabels: input.appLabels })
  const attribution = Attribution.of(timeline, input.hour as Hour, { growing: options.growing ?? true })
  const hour = input.hour as Hour
  const parts = Array.from({ length: options.parts ?? 1 }, (_, part) => {
    // Other parts have what a thread would have: the columns, and no more.
    const own = part === 0 ? attribution : new Attribution(structuredClone(attribution.columns))
    return {
      scanner: makeScanner(options.scanner ?? 'byte', own.tokens, options.capacity),
      totals: new HourTotals(hour, own, { allPairs: input.allPairs }),
    }
  })
  for (const [at, { text, flowLog }] of input.objects.entries()) {
    const { scanner, totals } = parts[at % parts.length]!
    const reader = new FlowLogReader(scanner)
    const bytes = (options.encode ?? (whole => encoder.encode(whole)))(text)
    for (const chunk of options.chunks?.(bytes) ?? [bytes])
      reader.push(chunk, batch => totals.add(batch, flowLog))
    totals.addLines(reader.end(batch => totals.add(batch, flowLog)))
  }
  const { totals } = parts[0]!
  for (const part of parts.slice(1)) totals.mergeColumns(structuredClone(part.totals.columns))
  return closeHour(totals, timeline)
}

/** The same as the plain twin says it. Throws RangeError where a row's sum passes 2^53 - 1. */
export function realHour(input: PlainInput, options: RealOptions = {}): PlainHour {
  const { accounts, rows } = closedHour(input, options)
  return {
    ...plainAccounts({ accounts }),
    rows: [...rows].map(row => plainRow(row)),
  }
}

/** All but the rows, as the plain twin says it. */
export function plainAccounts({ accounts }: Pick<ClosedHour, 'accounts'>): Omit<PlainHour, 'rows'> {
  return {
    ...accounts,
    workloads: accounts.workloads.map(({ namespace, workload, zones }) => ({
      namespace,
      workload,
      zones: Object.fromEntries(zones),
    })),
  }
}

function plainRow({ source, destination, records, bytes, packets }: RollupRow): PlainHour['rows'][number] {
  return {
    source: columnsOf(source),
    destination: columnsOf(destination),
    records: BigInt(records),
    bytes: BigInt(bytes),
    packets: BigInt(packets),
  }
}

function columnsOf({ kind, namespace, name, workload, app, node, zone }: Endpoint): PlainColumns {
  return [kind, namespace, name, workload, app, node, zone]
}

/** Rows and ledger as text, the ledger with fixed objects: what two runs must have alike byte for byte. */
export function textOfHour(input: PlainInput, options: RealOptions = {}): string {
  const { accounts, rows } = closedHour(input, options)
  const ledger: Ledger = {
    ...accounts,
    cluster: 'main',
    hour: input.hour as Hour,
    rows: rows.length,
    rollupSha256: '',
    objects: [],
    assignments: [],
    emptySlots: [],
    options: {
      allPairs: input.allPairs,
      appLabels: input.appLabels,
      flowLogIds: [],
      settle: 20,
      skipBadObjects: false,
    },
  }
  return `${JSON.stringify([...rows].map(({ source, destination, ...sums }) => [columnsOf(source), columnsOf(destination), sums]))}\n${formatLedger(ledger)}`
}
