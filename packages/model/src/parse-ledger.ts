// The text of `_ledger.json` back to a ledger, the reverse of formatLedger.
//
// A rollups folder is anyone's to write to, so nothing in the text is believed: every member is there and of its type,
// whole numbers are exact (a number up to 2^53, above it a string of digits), and the books balance: accounts add up
// to what was read, zone pairs to the two accounts of known ends. Members that aren't known are passed over: a later
// version may add some without changing what stands here.

import type { ZoneId } from './endpoint.ts'
import {
  ACCOUNTS,
  type Account,
  type Ledger,
  type LedgerAssignments,
  type LedgerObject,
  type LedgerOptions,
  type LedgerWorkload,
  type Totals,
  type ZonePair,
} from './ledger.ts'
import { parseHour, parseInstant, type Hour, type UnixSeconds } from './time.ts'

/** A text that is no ledger. The message names the member, what was expected and what stands there. */
export class LedgerError extends Error {
  override readonly name = 'LedgerError'
}

/** Throws LedgerError. */
export function parseLedger(text: string): Ledger {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (cause) {
    throw new LedgerError(`the ledger is not JSON: ${(cause as Error).message}`, { cause })
  }
  const ledger = ledgerOf(new Member('', json))
  checkBooks(ledger)
  return ledger
}

/** A value inside the JSON, and where it stands. */
class Member {
  readonly #path: string
  readonly #value: unknown

  constructor(path: string, value: unknown) {
    this.#path = path
    this.#value = value
  }

  at(name: string): Member {
    const path = this.#path === '' ? name : `${this.#path}.${name}`
    const object = this.#object()
    return new Member(path, Object.hasOwn(object, name) ? object[name] : undefined)
  }

  entries(): [string, Member][] {
    return Object.entries(this.#object()).map(([name, value]) => [
      name,
      new Member(`${this.#path}.${name}`, value),
    ])
  }

  list<T>(read: (item: Member) => T): T[] {
    if (!Array.isArray(this.#value)) throw this.#refusal('a list')
    return this.#value.map((item: unknown, at) => read(new Member(`${this.#path}[${at}]`, item)))
  }

  text(): string {
    if (typeof this.#value !== 'string') throw this.#refusal('a text')
    return this.#value
  }

  textOrNull(): string | null {
    return this.#value === null ? null : this.text()
  }

  flag(): boolean {
    if (typeof this.#value !== 'boolean') throw this.#refusal('true or false')
    return this.#value
  }

  /** From 0 to 2^53 - 1. */
  count(): number {
    const value = this.#value
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
      throw this.#refusal('a whole number from 0')
    }
    return value
  }

  /** From 0, of any size: a string of digits where a number would not be exact. */
  sum(): bigint {
    const value = this.#value
    if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 2 ** 53) {
      return BigInt(value)
    }
    if (typeof value === 'string' && /^[1-9]\d{15,37}$/.test(value)) return BigInt(value)
    throw this.#refusal('a whole number from 0, as a string of digits above 2^53')
  }

  /** One of a fixed form: null from `read` refuses it. */
  as<T>(expected: string, read: (text: string) => T | null): T {
    const value = typeof this.#value === 'string' ? read(this.#value) : null
    if (value === null) throw this.#refusal(expected)
    return value
  }

  is(expected: unknown): void {
    if (this.#value !== expected) throw this.#refusal(String(expected))
  }

  #object(): Readonly<Record<string, unknown>> {
    const value = this.#value
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw this.#refusal('an object')
    return value as Readonly<Record<string, unknown>>
  }

  #refusal(expected: string): LedgerError {
    const got = this.#value === undefined ? 'nothing' : jsonOf(this.#value).slice(0, 80)
    return new LedgerError(`the ledger's ${this.#path || 'whole'}: expected ${expected}, got ${got}`)
  }
}

// JSON.parse takes what is nested deeper than JSON.stringify can go.
function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value)
  } catch {
    return 'a value too deep to show'
  }
}

function ledgerOf(json: Member): Ledger {
  json.at('version').is(1)
  const accounts = json.at('accounts')
  return {
    cluster: json.at('cluster').text(),
    hour: json.at('hour').as<Hour>("an hour's begin like 2024-05-01T10:00:00Z", parseHour),
    rows: json.at('rows').count(),
    rollupSha256: json
      .at('rollupSha256')
      .as('64 hexadecimal digits', text => (/^[0-9a-f]{64}$/.test(text) ? text : null)),
    read: totalsOf(json.at('read')),
    accounts: Object.fromEntries(
      ACCOUNTS.map(account => [account, totalsOf(accounts.at(account))]),
    ) as Record<Account, Totals>,
    handedOver: totalsOf(json.at('handedOver')),
    cutAssignments: json.at('cutAssignments').count(),
    zones: json.at('zones').list(zonePairOf),
    objects: json.at('objects').list(objectOf),
    assignments: json.at('assignments').list(assignmentsOf),
    workloads: json.at('workloads').list(workloadOf),
    emptySlots: json.at('emptySlots').list(slotOf),
    options: optionsOf(json.at('options')),
  }
}

function totalsOf(json: Member): Totals {
  return {
    records: json.at('records').sum(),
    bytes: json.at('bytes').sum(),
    packets: json.at('packets').sum(),
  }
}

function zonePairOf(json: Member): ZonePair {
  const zone = (name: string) => json.at(name).text() as ZoneId
  return { source: zone('source'), destination: zone('destination'), ...totalsOf(json) }
}

function objectOf(json: Member): LedgerObject {
  return {
    ...assignmentsOf(json),
    records: json.at('records').count(),
    problem: json.at('problem').textOrNull(),
  }
}

function assignmentsOf(json: Member): LedgerAssignments {
  return { key: json.at('key').text(), size: json.at('size').count(), etag: json.at('etag').text() }
}

function workloadOf(json: Member): LedgerWorkload {
  const zones = json.at('zones').entries()
  return {
    namespace: json.at('namespace').text(),
    workload: json.at('workload').text(),
    zones: new Map(zones.map(([zone, pods]) => [zone as ZoneId, pods.count()])),
  }
}

function slotOf(json: Member): UnixSeconds {
  return json.as('a time like 2024-05-01T10:35:00Z', text => {
    const millis = text.length === 20 ? parseInstant(text) : null
    return millis === null ? null : ((millis / 1000) as UnixSeconds)
  })
}

function optionsOf(json: Member): LedgerOptions {
  return {
    allPairs: json.at('allPairs').flag(),
    appLabels: json.at('appLabels').list(item => item.text()),
    flowLogIds: json.at('flowLogIds').list(item => item.text()),
    settle: json.at('settle').count(),
    skipBadObjects: json.at('skipBadObjects').flag(),
  }
}

function checkBooks({ accounts, read, zones }: Ledger): void {
  const same = zones.filter(({ source, destination }) => source === destination)
  const cross = zones.filter(({ source, destination }) => source !== destination)
  mustAddUp('accounts', Object.values(accounts), 'read', read)
  mustAddUp('same-zone pairs', same, 'accounts.sameZone', accounts.sameZone)
  mustAddUp('cross-zone pairs', cross, 'accounts.crossZone', accounts.crossZone)
}

function mustAddUp(what: string, parts: readonly Totals[], whole: string, expected: Totals): void {
  for (const column of ['records', 'bytes', 'packets'] as const) {
    const sum = parts.reduce((total, part) => total + part[column], 0n)
    if (sum === expected[column]) continue
    throw new LedgerError(
      `the ledger's books don't balance: its ${what} have ${sum} ${column}, its ${whole} ${expected[column]}`,
    )
  }
}
