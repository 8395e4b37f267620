/**
 * Assignment logs, changed as text, as JSON and as gzip: each line is an assignment, of a kind unknown to us or refused;
 * what is accepted makes a timeline by which records are attributed and the books balance.
 */
import { gzipSync } from 'node:zlib'
import {
  AssignmentLineError,
  formatAssignmentLine,
  parseAssignmentLine,
  Timeline,
  type AssignmentLine,
} from '@zonetoll/assignments'
import { FlowLogReader } from '@zonetoll/flowlog'
import type { Hour } from '@zonetoll/model'
import { ContentError, readLines } from '@zonetoll/objects'
import { Attribution, closeHour, HourTotals } from '@zonetoll/rollup'
import * as fc from 'fast-check'
import { ASSIGNMENTS, CLIENT, HEADER, HOUR, pod, SMALL_LINES } from '../support/data-set.ts'
import { makeScanner } from '../support/scanners.ts'
import { ByteStore } from './byte-store.ts'
import { CHUNK_LENGTHS, changed, changes, type Change } from './changes.ts'
import { REPLACEMENTS, replaced, type Replacement } from './json-values.ts'
import { outcomeOf, type Target } from './target.ts'

interface AssignmentInput {
  readonly replacements: readonly Replacement[]
  readonly textChanges: readonly Change[]
  readonly gzipChanges: readonly Change[]
  readonly chunks: readonly number[]
}

/** Things that hold one address after another, and together. */
const LINES: readonly string[] = [
  ...ASSIGNMENTS,
  pod('job-1', CLIENT, 'use2-az2', { from: '2024-05-01T10:00:30Z', until: '2024-05-01T10:01:30Z' }),
  pod('job-2', CLIENT, 'use2-az3', { from: '2024-05-01T10:01:00Z', until: '2024-05-01T10:20:00Z' }),
  pod('six-1', '2600:1f16::5', 'use2-az3', { hostNetwork: false, instance: 'i-1' }),
  '{"kind":"zone","uid":"use2-az1","name":"us-east-2a","seen":"2024-05-01T09:00:00Z"}',
  '{"kind":"subnet","uid":"subnet-six","cidr":"2600:1f16::/56","zone":"use2-az3","seen":"2024-05-01T09:00:00Z"}',
  '{"kind":"from a later version","uid":"x"}',
]

const WORDS = [
  '\n',
  '\r\n',
  '"',
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '\\',
  '\\ud800',
  '\0',
  '\u{feff}',
  '1e999',
  'null',
]

const FLOW_LOG = new TextEncoder().encode([HEADER, ...SMALL_LINES, ''].join('\n'))
/** Below the product's own, so that lines reach it. */
const MAX_LENGTH = 50_000

export function assignmentTarget(): Target<AssignmentInput> {
  const hour = HOUR as Hour
  const none = fc.constant<readonly Change[]>([])
  return {
    inputs: fc.record({
      replacements: REPLACEMENTS,
      textChanges: fc.oneof({ weight: 1, arbitrary: none }, { weight: 1, arbitrary: changes(WORDS) }),
      gzipChanges: fc.oneof({ weight: 9, arbitrary: none }, { weight: 1, arbitrary: changes([]) }),
      chunks: CHUNK_LENGTHS,
    }),
    async attempt({ replacements, textChanges, gzipChanges, chunks }) {
      const text = replaced(LINES.join('\n'), replacements)
      const bytes = changed(gzipSync(changed(new TextEncoder().encode(text), textChanges)), gzipChanges)
      const store = new ByteStore('a.ndjson.gz', bytes, chunks)
      return await outcomeOf(
        async () => {
          const lines: AssignmentLine[] = []
          for await (const texts of readLines(store, store.object, { maxLength: MAX_LENGTH })) {
            for (const each of texts) {
              if (each.trim() === '') continue
              const line = parseAssignmentLine(each)
              if (line === null) continue
              checkRoundTrip(line)
              lines.push(line)
            }
          }
          attribute(lines, hour)
          return 'read'
        },
        error => {
          if (error instanceof AssignmentLineError) return 'AssignmentLineError'
          return error instanceof ContentError ? error.reason : null
        },
      )
    },
    reaches: ['read', 'AssignmentLineError', 'longLine', 'damagedGzip'],
  }
}

// A line that was accepted says the same when it is written and read again.
function checkRoundTrip(line: AssignmentLine): void {
  let again: string
  try {
    again = formatAssignmentLine(line)
  } catch (error) {
    // Written times are of the years 0 to 9999.
    if (error instanceof RangeError) return
    throw error
  }
  if (formatAssignmentLine(parseAssignmentLine(again)!) !== again)
    throw new Error(`not the same again: ${again}`)
}

function attribute(lines: readonly AssignmentLine[], hour: Hour): void {
  const timeline = new Timeline(lines, { appLabels: ['app'] })
  const attribution = Attribution.of(timeline, hour, { growing: false })
  const totals = new HourTotals(hour, attribution, { allPairs: true })
  const reader = new FlowLogReader(makeScanner('byte', attribution.tokens, 64))
  reader.push(FLOW_LOG, batch => totals.add(batch, 0))
  totals.addLines(reader.end(batch => totals.add(batch, 0)))
  const { accounts, rows } = closeHour(totals, timeline)
  if (accounts.read.records !== BigInt(SMALL_LINES.length)) throw new Error('a line was lost')
  for (const row of rows) if (row.records < 1) throw new Error('a row without records')
}
