import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  ACCOUNTS,
  formatLedger,
  LedgerError,
  parseLedger,
  type Account,
  type Hour,
  type Json,
  type Ledger,
  type Totals,
  type UnixSeconds,
  type ZoneId,
} from '@zonetoll/model'

const HOUR = (Date.parse('2024-05-01T10:00:00Z') / 1000) as Hour
const SEED = 20240501

const text = fc.string({ unit: 'binary', maxLength: 8 }).filter(each => each.isWellFormed())
const count = fc.oneof(fc.nat(), fc.constantFrom(0, 2 ** 53 - 1))
const sum = fc.oneof(
  fc.nat().map(BigInt),
  fc.bigInt(2n ** 53n - 2n, 2n ** 53n + 2n),
  fc.bigInt(0n, 2n ** 90n),
)
const totals: fc.Arbitrary<Totals> = fc.record({ records: sum, bytes: sum, packets: sum })
const zone = fc.constantFrom('use2-az1', 'use2-az2', '__proto__', '') as fc.Arbitrary<ZoneId>

const anyLedger: fc.Arbitrary<Ledger> = fc
  .record({
    rows: count,
    others: fc.array(totals, { minLength: ACCOUNTS.length, maxLength: ACCOUNTS.length }),
    handedOver: totals,
    cutAssignments: count,
    zones: fc.array(fc.record({ source: zone, destination: zone, totals }), { maxLength: 5 }),
    objects: fc.array(
      fc.record({ key: text, size: count, etag: text, records: count, problem: fc.option(text) }),
      { maxLength: 3 },
    ),
    assignments: fc.array(fc.record({ key: text, size: count, etag: text }), { maxLength: 2 }),
    workloads: fc.array(
      fc.record({
        namespace: text,
        workload: text,
        zones: fc.array(fc.tuple(zone, count), { maxLength: 3 }).map(zones => new Map(zones)),
      }),
      { maxLength: 3 },
    ),
    emptySlots: fc.array(fc.integer({ min: 0, max: 11 }), { maxLength: 3 }),
    options: fc.record({
      allPairs: fc.boolean(),
      appLabels: fc.array(text, { maxLength: 2 }),
      flowLogIds: fc.array(text, { maxLength: 2 }),
      settle: count,
      skipBadObjects: fc.boolean(),
    }),
  })
  .map(balanced)

interface Parts extends Omit<
  Ledger,
  'cluster' | 'hour' | 'rollupSha256' | 'read' | 'accounts' | 'zones' | 'emptySlots'
> {
  readonly others: readonly Totals[]
  readonly zones: readonly {
    readonly source: ZoneId
    readonly destination: ZoneId
    readonly totals: Totals
  }[]
  readonly emptySlots: readonly number[]
}

function balanced({ others, zones, emptySlots, ...rest }: Parts): Ledger {
  const pairs = zones.map(({ source, destination, totals: each }) =>
    Object.assign({ source, destination }, each),
  )
  const accounts = Object.fromEntries(ACCOUNTS.map((account, at) => [account, others[at]!])) as Record<
    Account,
    Totals
  >
  accounts.sameZone = added(pairs.filter(pair => pair.source === pair.destination))
  accounts.crossZone = added(pairs.filter(pair => pair.source !== pair.destination))
  return {
    ...rest,
    cluster: 'main',
    hour: HOUR,
    rollupSha256: 'ab'.repeat(32),
    read: added(Object.values(accounts)),
    accounts,
    zones: pairs,
    emptySlots: emptySlots.map(slot => (HOUR + slot * 300) as UnixSeconds),
  }
}

function added(parts: readonly Totals[]): Totals {
  const total = (name: keyof Totals) => parts.reduce((all, part) => all + part[name], 0n)
  return { records: total('records'), bytes: total('bytes'), packets: total('packets') }
}

const [SAMPLE] = fc.sample(
  anyLedger.filter(
    ({ zones, objects, assignments, workloads, emptySlots }) =>
      zones.length > 1 &&
      objects.length > 0 &&
      assignments.length > 0 &&
      workloads.some(workload => workload.zones.size > 0) &&
      emptySlots.length > 0,
  ),
  { numRuns: 1, seed: SEED },
) as [Ledger]

describe('a ledger that was written', () => {
  test('is read back as it was, and written again is the same text', () => {
    const seen = { huge: false, problem: false, prototype: false }
    fc.assert(
      fc.property(anyLedger, ledger => {
        const written = formatLedger(ledger)
        const read = parseLedger(written)
        expect(read).toEqual(ledger)
        expect(formatLedger(read)).toBe(written)
        seen.huge ||= ledger.read.bytes > 2n ** 53n
        seen.problem ||= ledger.objects.some(({ problem }) => problem !== null)
        seen.prototype ||= ledger.workloads.some(({ zones }) => zones.has('__proto__' as ZoneId))
      }),
      { seed: SEED, numRuns: 300 },
    )
    expect(seen).toEqual({ huge: true, problem: true, prototype: true })
  })

  test('may have members of a later version', () => {
    const json = JSON.parse(formatLedger(SAMPLE)) as Record<string, Json>
    expect(parseLedger(JSON.stringify({ ...json, later: [1] }))).toEqual(SAMPLE)
  })
})

/** Every place in the JSON, as a list of member names and indexes. */
function placesIn(json: Json, path: readonly string[] = []): string[][] {
  if (typeof json !== 'object' || json === null) return [[...path]]
  return [[...path], ...Object.entries(json).flatMap(([name, item]) => placesIn(item, [...path, name]))]
}

const GONE = Symbol('gone')

function changed(json: Json, [name, ...rest]: readonly string[], to: Json | typeof GONE): unknown {
  if (name === undefined) return to
  const copy = Array.isArray(json) ? [...(json as Json[])] : { ...(json as Record<string, Json>) }
  const members = copy as Record<string, unknown>
  if (rest.length === 0 && to === GONE) delete members[name]
  else members[name] = changed(members[name] as Json, rest, to)
  return copy
}

/** Whether the member must be there: a workload's zones and items of lists may be more or fewer. */
function fixed(path: readonly string[]): boolean {
  if (path.length === 0 || /^\d+$/.test(path.at(-1)!)) return false
  return !(path[0] === 'workloads' && path[2] === 'zones' && path.length === 4)
}

describe('a text that is no ledger', () => {
  const json = JSON.parse(formatLedger(SAMPLE)) as Json

  test('lacks any of its members', () => {
    for (const path of placesIn(json).filter(fixed)) {
      const say = () => parseLedger(JSON.stringify(changed(json, path, GONE)))
      expect(say, path.join('.')).toThrow(LedgerError)
    }
  })

  test('has a value of another type anywhere', () => {
    const wrong: Json[] = [-1, 0.5, 1e300, 2 ** 53 + 2, '01', '1e3', '-5', true, {}, [[]], [null]]
    for (const path of placesIn(json)) {
      for (const value of wrong) {
        const before = path.reduce<Json>((at, name) => (at as Record<string, Json>)[name]!, json)
        // A text may be any text, a flag the other one.
        if (typeof before === typeof value && typeof value !== 'number' && typeof value !== 'object') continue
        if (path.at(-1) === 'problem' && typeof value === 'string') continue
        if (path.length === 3 && path[2] === 'zones' && JSON.stringify(value) === '{}') continue
        const say = () => parseLedger(JSON.stringify(changed(json, path, value)))
        expect(say, `${path.join('.')} = ${JSON.stringify(value)}`).toThrow(LedgerError)
      }
    }
  })

  test.each([
    ['nothing', '', 'the ledger is not JSON'],
    ['cut', formatLedger(SAMPLE).slice(0, -10), 'the ledger is not JSON'],
    ['null', 'null', "the ledger's whole: expected an object, got null"],
    ['a list', '[]', "the ledger's whole: expected an object, got []"],
    [
      'another version',
      JSON.stringify(changed(json, ['version'], 2)),
      "the ledger's version: expected 1, got 2",
    ],
    ['nested for ever', '['.repeat(100_000), 'the ledger is not JSON'],
  ])('is %s', (_what, json_, message) => {
    expect(() => parseLedger(json_)).toThrow(LedgerError)
    expect(() => parseLedger(json_)).toThrow(message)
  })

  test.each([
    ['accounts', ['accounts', 'relayed', 'bytes'], /its accounts have \d+ bytes, its read \d+/],
    ['lines read', ['read', 'records'], /its accounts have \d+ records, its read \d+/],
    ['same-zone pairs', ['accounts', 'sameZone', 'packets'], /(?:same-zone pairs|accounts) have \d+ packets/],
  ])("has books that don't balance: %s", (_what, path, message) => {
    const wrong = JSON.stringify(changed(json, path, 123_456_789))
    expect(() => parseLedger(wrong)).toThrow(message)
  })

  test('has a value nested too deep to show', () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`
    expect(() => parseLedger(`{"version":${deep}}`)).toThrow('expected 1, got a value too deep to show')
  })

  test('shows the value that is wrong, cut where it is long', () => {
    const long = JSON.stringify(changed(json, ['rows'], 'x'.repeat(10_000)))
    expect(() => parseLedger(long)).toThrow(
      `the ledger's rows: expected a whole number from 0, got "${'x'.repeat(79)}`,
    )
    expect(() => parseLedger(long)).not.toThrow('x'.repeat(80))
  })
})
