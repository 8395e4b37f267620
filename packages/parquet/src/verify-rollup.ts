// The check between writing a rollup and publishing it.
//
// Two questions, each asked of the file as it stands on the disk:
//   are these the bytes that were written?   length and SHA-256 of all of them
//   do the bytes say what the rows said?     another library than the one that wrote decodes every column:
//                                            the number of rows, each column's fingerprint, the three sums
//
// The second finds rows that the encoder lost, doubled, moved or changed. No text is made of the decoded bytes:
// they are hashed where they lie.

import { createHash } from 'node:crypto'
import { COLUMNS } from './columns.ts'
import { ExactSum } from './exact-sum.ts'
import { EMPTY_FINGERPRINT, fold, foldInteger, hashText, NULL_HASH } from './fingerprint.ts'
import { openRollup, type RollupFile, type ValueReader, type Values } from './rollup-file.ts'
import type { RollupFileSummary } from './write-rollup.ts'

const SLICE_BYTES = 4 * 1024 * 1024

const READER: ValueReader = { text: hashText, hour: millis => millis }

/** Returns where the file holds exactly the rows that `expected` sums up; throws where it differs. */
export async function verifyRollup(file: RollupFile, expected: RollupFileSummary): Promise<void> {
  same('its size in bytes', expected.size, file.byteLength)
  same('its SHA-256', expected.sha256, await sha256(file))
  const rollup = await openRollup(file)
  same('its number of rows', expected.rows, rollup.rows)
  const sums: Record<string, ExactSum> = {
    bytes: new ExactSum(),
    packets: new ExactSum(),
    records: new ExactSum(),
  }
  const fingerprints = COLUMNS.map(() => EMPTY_FINGERPRINT)
  for (const group of rollup.groups) {
    for (const [at, column] of COLUMNS.entries()) {
      let fingerprint = fingerprints[at]!
      for (const page of await rollup.readColumn(column, group, READER)) {
        fingerprint =
          column.type === 'UTF8'
            ? foldTexts(fingerprint, page)
            : foldIntegers(fingerprint, page, sums[column.name])
      }
      fingerprints[at] = fingerprint
    }
  }
  for (const [at, { name }] of COLUMNS.entries()) {
    same(`the fingerprint of column ${name}`, expected.fingerprints[at], fingerprints[at])
  }
  same('the sum of column bytes', expected.bytes, sums['bytes']!.total)
  same('the sum of column packets', expected.packets, sums['packets']!.total)
  same('the sum of column records', expected.records, sums['records']!.total)
}

function foldTexts(fingerprint: number, hashes: Values): number {
  for (let at = 0; at < hashes.length; at++) {
    fingerprint = fold(fingerprint, (hashes[at] as number | null) ?? NULL_HASH)
  }
  return fingerprint
}

function foldIntegers(fingerprint: number, values: Values, sum: ExactSum | undefined): number {
  for (let at = 0; at < values.length; at++) {
    const value = Number(values[at])
    fingerprint = foldInteger(fingerprint, value)
    sum?.add(value)
  }
  return fingerprint
}

async function sha256(file: RollupFile): Promise<string> {
  const hash = createHash('sha256')
  for (let start = 0; start < file.byteLength; start += SLICE_BYTES) {
    const end = Math.min(start + SLICE_BYTES, file.byteLength)
    hash.update(new Uint8Array(await file.slice(start, end)))
  }
  return hash.digest('hex')
}

function same<T>(subject: string, expected: T, got: T): void {
  if (got === expected) return
  throw new Error(
    `the rollup differs from what was written: ${subject}: expected ${String(expected)}, got ${String(got)}; it must not be published: run the hour again, and suspect the disk if it happens twice`,
  )
}
