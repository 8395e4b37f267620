export { formatAddress, parseAddress, type Address } from './address.ts'
export { canonicalJson, type Json } from './canonical-json.ts'
export {
  compareEndpoints,
  compareText,
  ENDPOINT_KINDS,
  type Endpoint,
  type EndpointKind,
  type ZoneId,
} from './endpoint.ts'
export {
  ACCOUNTS,
  formatLedger,
  type Account,
  type HourAccounts,
  type Ledger,
  type LedgerAssignments,
  type LedgerObject,
  type LedgerOptions,
  type LedgerWorkload,
  type Totals,
  type ZonePair,
} from './ledger.ts'
export { LedgerError, parseLedger } from './parse-ledger.ts'
export type { RollupRow } from './row.ts'
export {
  formatHour,
  formatSeconds,
  HOUR_SECONDS,
  hourOf,
  parseHour,
  parseInstant,
  type Hour,
  type UnixMillis,
  type UnixSeconds,
} from './time.ts'
export { BILLED_GB, formatBytes, formatCount, formatShare, formatUsd, USD_PER_GB, usdOf } from './units.ts'
