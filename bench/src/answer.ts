// Answers, and whether they are right. A contestant that is fast and wrong has lost.
//
// Rows are written one a line, a JSON array of the rollup's columns but the hour, in the rollup's order:
//
//   ["pod","shop","cart-7d9f-x2x","Deployment/cart","cart","ip-10-0-1-9…","use2-az1",  "pod",…,"use2-az2",  bytes,packets,records]
//
// They are held against two things: the sample's truth, which shares nothing with any contestant but knows
// workloads only; and the first contestant's rows, row by row.

import { createReadStream, createWriteStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Endpoint, RollupRow } from '@zonetoll/model'
import type { TruthHour, TruthIdentity, TruthTotals } from '@zonetoll/sample'

export type Answer =
  /** Bytes of all text. */
  | { readonly kind: 'text'; readonly bytes: number }
  /** Bytes of all accepted egress records of the hour. */
  | { readonly kind: 'sent'; readonly bytes: number }
  /** The file of rows. */
  | { readonly kind: 'rows'; readonly file: string }

export interface RightAnswer {
  readonly textBytes: number
  readonly truth: TruthHour
  /** How often the truth's objects were read. */
  readonly times?: number
}

/** A row without its hour. */
export type AnswerRow = Omit<RollupRow, 'hourStart'>

type Line = readonly (string | number | null)[]

const KIND = 0
const NAMESPACE = 1
const WORKLOAD = 3
const SIDE = 7

const SENT = ['unknownSource', 'relayed', 'outside', 'unknownDestination', 'sameZone', 'crossZone'] as const

/** Writes rows, in the order given, to a file that `compareRows` and `checkAnswer` read. */
export async function writeRows(
  file: string,
  rows: Iterable<AnswerRow> | AsyncIterable<AnswerRow>,
): Promise<Answer> {
  await pipeline(Readable.from(blocks(rows)), createWriteStream(file))
  return { kind: 'rows', file }
}

/** What is wrong with an answer, null where nothing is. */
export async function checkAnswer(answer: Answer, right: RightAnswer): Promise<string | null> {
  const { truth, textBytes, times = 1 } = right
  switch (answer.kind) {
    case 'text':
      return differing('bytes of text', textBytes * times, answer.bytes)
    case 'sent': {
      const sent = SENT.reduce((sum, account) => sum + truth.accounts[account].bytes, 0)
      return differing('bytes sent', sent * times, answer.bytes)
    }
    case 'rows':
      return checkRows(answer.file, truth, times)
  }
}

/** Where two files of rows differ first, null where they don't. */
export async function compareRows(expected: string, got: string): Promise<string | null> {
  const others = linesOf(got)[Symbol.asyncIterator]()
  let number = 0
  for await (const line of linesOf(expected)) {
    number++
    const other = await others.next()
    if (other.done === true) return `row ${number}: expected ${line}, got no more rows`
    if (other.value !== line) return `row ${number}: expected ${line}, got ${other.value}`
  }
  const { done, value } = await others.next()
  return done === true ? null : `row ${number + 1}: expected no more rows, got ${value}`
}

/** How many rows a file has. */
export async function countRows(file: string): Promise<number> {
  let rows = 0
  for await (const _line of linesOf(file)) rows++
  return rows
}

async function checkRows(file: string, truth: TruthHour, times: number): Promise<string | null> {
  const found = new Map<string, [number, number, number]>()
  for await (const text of linesOf(file)) {
    const line = JSON.parse(text) as Line
    const [bytes, packets, records] = line.slice(SIDE * 2) as [number, number, number]
    const key = pairKey(identityAt(line, 0), identityAt(line, SIDE))
    const sums = found.get(key) ?? [0, 0, 0]
    found.set(key, [sums[0] + bytes, sums[1] + packets, sums[2] + records])
  }
  for (const pair of truth.pairs) {
    const key = pairKey(pair.source, pair.destination)
    const wrong = differing(
      `bytes, packets and records of ${key}`,
      String(totalsOf(pair, times)),
      String(found.get(key)),
    )
    if (wrong !== null) return wrong
    found.delete(key)
  }
  const [extra] = found.keys()
  return extra === undefined ? null : `expected no rows of ${extra}, got some`
}

function totalsOf({ bytes, packets, records }: TruthTotals, times: number): number[] {
  return [bytes * times, packets * times, records * times]
}

function differing<T>(what: string, expected: T, got: T): string | null {
  return expected === got ? null : `${what}: expected ${String(expected)}, got ${String(got)}`
}

// The truth tells endpoints that aren't pods apart by kind alone.
function identityAt(line: Line, at: number): Identity {
  const isPod = line[at + KIND] === 'pod'
  return {
    kind: line[at + KIND]!,
    namespace: isPod ? line[at + NAMESPACE]! : null,
    workload: isPod ? line[at + WORKLOAD]! : null,
  }
}

type Identity = Readonly<Record<keyof TruthIdentity, string | number | null>>

function pairKey(source: Identity, destination: Identity): string {
  return `${identityText(source)} to ${identityText(destination)}`
}

function identityText({ kind, namespace, workload }: Identity): string {
  return JSON.stringify([kind, namespace, workload])
}

async function* blocks(rows: Iterable<AnswerRow> | AsyncIterable<AnswerRow>): AsyncGenerator<string> {
  let block = ''
  for await (const row of rows) {
    block += `${lineOf(row)}\n`
    if (block.length < 65_536) continue
    yield block
    block = ''
  }
  if (block !== '') yield block
}

function lineOf({ source, destination, bytes, packets, records }: AnswerRow): string {
  return JSON.stringify([...columnsOf(source), ...columnsOf(destination), bytes, packets, records])
}

function columnsOf({ kind, namespace, name, workload, app, node, zone }: Endpoint): (string | null)[] {
  return [kind, namespace, name, workload, app, node, zone]
}

function linesOf(file: string): AsyncIterable<string> {
  return createInterface({ input: createReadStream(file), crlfDelay: Infinity })
}
