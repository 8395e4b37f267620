/**
 * Ledgers read back: whatever stands at the key, it is a ledger whose books balance, or refused by LedgerError. What is
 * accepted says the same when it is written and read again.
 */
import { formatLedger, LedgerError, parseLedger, type Hour, type Ledger, type ZoneId } from '@zonetoll/model'
import * as fc from 'fast-check'
import { changed, changes, type Change } from './changes.ts'
import { REPLACEMENTS, replaced, type Replacement } from './json-values.ts'
import { outcomeOf, type Target } from './target.ts'

interface LedgerInput {
  readonly replacements: readonly Replacement[]
  readonly changes: readonly Change[]
}

const zone = (name: string) => name as ZoneId
const none = { records: 0n, bytes: 0n, packets: 0n }
const crossZone = { records: 3n, bytes: 2n ** 63n, packets: 9n }
const sameZone = { records: 1n, bytes: 5000n, packets: 2n }

const LEDGER: Ledger = {
  cluster: 'shop',
  hour: 1_714_557_600 as Hour,
  rows: 1,
  rollupSha256: 'ab'.repeat(32),
  read: { records: 5n, bytes: 2n ** 63n + 5000n, packets: 11n },
  accounts: {
    malformed: { ...none, records: 1n },
    skipData: none,
    noData: none,
    otherHour: none,
    ingress: none,
    rejected: none,
    unknownSource: none,
    relayed: none,
    outside: none,
    unknownDestination: none,
    sameZone,
    crossZone,
  },
  handedOver: none,
  cutAssignments: 0,
  zones: [
    { source: zone('use2-az1'), destination: zone('use2-az1'), ...sameZone },
    { source: zone('use2-az1'), destination: zone('use2-az2'), ...crossZone },
  ],
  objects: [{ key: 'a.log.gz', size: 120, etag: 'e1', records: 5, problem: null }],
  assignments: [{ key: 'a.ndjson.gz', size: 80, etag: 'e2' }],
  workloads: [{ namespace: 'shop', workload: 'Deployment/cart', zones: new Map([[zone('use2-az1'), 3]]) }],
  emptySlots: [],
  options: { allPairs: false, appLabels: ['app'], flowLogIds: [], settle: 20, skipBadObjects: false },
}

const WORDS = [
  '"',
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '\\',
  '\\u0000',
  '\0',
  '1e999',
  'null',
  '"version":1',
  '-',
  '0',
]

export function ledgerTarget(): Target<LedgerInput> {
  const text = formatLedger(LEDGER)
  return {
    inputs: fc.record({
      replacements: REPLACEMENTS,
      changes: fc.oneof(
        { weight: 1, arbitrary: fc.constant<readonly Change[]>([]) },
        { weight: 1, arbitrary: changes(WORDS) },
      ),
    }),
    async attempt({ replacements, changes: list }) {
      const bytes = changed(new TextEncoder().encode(replaced(text, replacements)), list)
      return await outcomeOf(
        () => {
          const ledger = parseLedger(new TextDecoder().decode(bytes))
          checkBooks(ledger)
          const again = formatLedger(ledger)
          if (formatLedger(parseLedger(again)) !== again) throw new Error('not the same again')
          return 'read'
        },
        error => (error instanceof LedgerError ? 'LedgerError' : null),
      )
    },
    reaches: ['read', 'LedgerError'],
  }
}

function checkBooks({ accounts, read }: Ledger): void {
  for (const column of ['records', 'bytes', 'packets'] as const) {
    const sum = Object.values(accounts).reduce((total, account) => total + account[column], 0n)
    if (sum !== read[column]) throw new Error(`accepted, though accounts have ${sum} ${column}`)
  }
}
