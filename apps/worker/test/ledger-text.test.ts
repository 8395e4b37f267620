// A ledger that readers would refuse for its size isn't written.

import { RunError } from '@zonetoll/command'
import { ACCOUNTS, parseLedger, type Account, type Hour, type Ledger, type Totals } from '@zonetoll/model'
import { expect, test } from 'vitest'
import { ledgerTextOf, MOST_LEDGER_BYTES } from '../src/ledger-text.ts'

const none: Totals = { records: 0n, bytes: 0n, packets: 0n }

function ledgerOf(key: string): Ledger {
  return {
    cluster: 'shop',
    hour: 1_714_557_600 as Hour,
    rows: 0,
    rollupSha256: 'ab'.repeat(32),
    read: none,
    accounts: Object.fromEntries(ACCOUNTS.map(account => [account, none])) as Record<Account, Totals>,
    handedOver: none,
    cutAssignments: 0,
    zones: [],
    objects: [{ key, size: 1, etag: 'e', records: 0, problem: null }],
    assignments: [],
    workloads: [],
    emptySlots: [],
    options: { allPairs: false, appLabels: [], flowLogIds: [], settle: 20, skipBadObjects: false },
  }
}

test('one below the bound is written as it is read, one above is refused with what makes it long', () => {
  expect(parseLedger(ledgerTextOf(ledgerOf('a.log.gz'))).objects).toHaveLength(1)
  const long = ledgerOf('x'.repeat(MOST_LEDGER_BYTES))
  expect(() => ledgerTextOf(long)).toThrow(RunError)
  expect(() => ledgerTextOf(long)).toThrow(
    /^the ledger passes 128 MiB: it has 1 objects, 0 pairs of zones and 0 workloads\. .*--flow-log-id/,
  )
})
