// The page of an hour that is being made (`--report`): the one that `pnpm report --hour` draws, from rows on their way
// to the rollup.

import { HOUR_SECONDS, type Hour, type RollupRow } from '@zonetoll/model'
import { hourPartition, type Location } from '@zonetoll/objects'
import { renderReport, ReportTotals, type ReportLedger } from '@zonetoll/report'
import { standingHour } from './standing-hour.ts'

/** Beside the rollup. */
const PAGE_NAME = 'report.html'

export class HourPage {
  readonly #totals: ReportTotals
  readonly #rollups: Location
  readonly #key: string

  private constructor(rollups: Location, totals: ReportTotals, key: string) {
    this.#rollups = rollups
    this.#totals = totals
    this.#key = key
  }

  /** Compares with the hour before, where it stands complete. */
  static async of(rollups: Location, ledger: ReportLedger, signal: AbortSignal): Promise<HourPage> {
    const { cluster, hour } = ledger
    const totals = new ReportTotals({ cluster, from: hour, to: (hour + HOUR_SECONDS) as Hour })
    totals.addLedger(ledger)
    const before = await standingHour(rollups, cluster, (hour - HOUR_SECONDS) as Hour, signal)
    if (before.ledger !== null) totals.addEarlierLedger(before.ledger)
    return new HourPage(rollups, totals, `${rollups.prefix}${hourPartition(cluster, hour)}${PAGE_NAME}`)
  }

  /** The same rows, added up once they have all been taken. */
  *watch(rows: Iterable<RollupRow>): Generator<RollupRow> {
    for (const row of rows) {
      this.#totals.add(row)
      yield row
    }
  }

  /** Writes the page when the rollup stands; returns where it is. */
  async write(signal: AbortSignal): Promise<string> {
    const page = new TextEncoder().encode(renderReport(this.#totals.close()))
    await this.#rollups.store.write(this.#key, page, { signal })
    return this.#rollups.store.describe(this.#key)
  }
}
