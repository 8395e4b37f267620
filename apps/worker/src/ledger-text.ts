// The text of `_ledger.json`, and how long it may be: what isn't read back isn't written either.

import { RunError } from '@zonetoll/command'
import { formatBytes, formatCount, formatLedger, type Ledger } from '@zonetoll/model'

/** A ledger of 300,000 objects has half as many; one that is greater isn't read back, so it isn't written either. */
export const MOST_LEDGER_BYTES = 128 * 1024 * 1024

/** Throws RunError where readers would refuse it for its size. */
export function ledgerTextOf(ledger: Ledger): string {
  const { objects, zones, workloads } = ledger
  const greater = (cause?: unknown) =>
    new RunError(
      `the ledger passes ${formatBytes(MOST_LEDGER_BYTES)}: it has ${formatCount(objects.length)} objects, ${formatCount(zones.length)} ` +
        `pairs of zones and ${formatCount(workloads.length)} workloads. Fewer objects an hour make it less: choose flow logs ` +
        `with --flow-log-id, or have them delivered less finely.`,
      cause === undefined ? {} : { cause },
    )
  try {
    const text = formatLedger(ledger)
    if (Buffer.byteLength(text) > MOST_LEDGER_BYTES) throw greater()
    return text
  } catch (error) {
    // A text has at most 2^29 characters.
    throw error instanceof RangeError ? greater(error) : error
  }
}
