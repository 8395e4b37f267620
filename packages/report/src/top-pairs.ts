// The pairs that send the most across zones. The page's script makes the table sortable and gives it filters; without
// it the table stands in the order of bytes.

import { formatCount, formatShare } from '@zonetoll/model'
import { counted, type Money, sumOf } from './figures.ts'
import { html, type Markup } from './html.ts'
import { nameMark, partyMark, zoneMark } from './markup-of-names.ts'
import { bytesCell, scrolling, section } from './page-parts.ts'
import type { Party } from './party.ts'
import type { PairTotals, ReportData } from './report-data.ts'

const MOST_SHOWN = 250

export function topPairs({ pairs, accounts }: ReportData, money: Money): Markup | null {
  if (pairs.length === 0) return null
  const whole = accounts.crossZone.bytes
  const shown = pairs.slice(0, MOST_SHOWN)
  const left = pairs.slice(MOST_SHOWN)
  const rest =
    left.length === 0
      ? null
      : html`<tr class="rest">
          <th scope="row" colspan="4">${counted(left.length, 'more pair')}, not shown</th>
          ${amounts(
            sumOf(left),
            left.reduce((sum, { records }) => sum + records, 0n),
            whole,
            money,
          )}
        </tr> `
  const table = html`<table class="sortable" id="pairs-table">
    <caption>
      Workloads that send across zones, the most bytes first
    </caption>
    <thead>
      <tr>
        <th scope="col">From</th>
        <th scope="col">Zone</th>
        <th scope="col">To</th>
        <th scope="col">Zone</th>
        <th scope="col" class="number" data-order="number" aria-sort="descending">Bytes</th>
        <th scope="col" class="number" data-order="number">Cost</th>
        <th scope="col" class="number" data-order="number">Share</th>
        <th scope="col" class="number" data-order="number">Records</th>
      </tr>
    </thead>
    <tbody>
      ${shown.map(pair => row(pair, whole, money))}
    </tbody>
    <tfoot>
      ${rest}
      <tr>
        <th scope="row" colspan="4">All across zones</th>
        ${amounts(whole, accounts.crossZone.records, whole, money)}
      </tr>
    </tfoot>
  </table>`
  return section(
    'pairs',
    'Top pairs',
    html`<p>
        What went one way from a workload in one zone to a workload in another; replies are a pair of their
        own.
      </p>
      <form id="pairs-filter" hidden>
        <fieldset>
          <legend>Show pairs with</legend>
          <label
            >namespace
            <select name="ns">
              <option value="">any</option>
            </select></label
          ><label
            >workload
            <input
              name="wl"
              type="search"
              autocomplete="off"
              spellcheck="false"
              placeholder="part of its name" /></label
          ><label
            >app
            <select name="app">
              <option value="">any</option>
            </select></label
          ><label
            >zone
            <select name="zone">
              <option value="">any</option>
            </select></label
          ><button type="reset">Show all</button>
        </fieldset>
        <p role="status"></p>
      </form> `,
    scrolling('Table of the top pairs', table),
  )
}

function row({ source, destination, bytes, records }: PairTotals, whole: bigint, money: Money): Markup {
  return html`<tr>
    ${end(source)}${end(destination)}${amounts(bytes, records, whole, money)}
  </tr> `
}

function end(party: Party): Markup {
  const app =
    party.app === null
      ? null
      : html`<span class="app"
          ><span class="set-back">app</span> <span class="app-name">${nameMark(party.app)}</span></span
        >`
  return html`<td>${partyMark(party)}${app}</td>
    <td class="zone">${zoneMark(party.zone)}</td>`
}

function amounts(bytes: bigint, records: bigint, whole: bigint, money: Money): Markup {
  const value = bytes.toString()
  const share = whole === 0n ? '–' : formatShare(bytes, whole)
  return html`${bytesCell(bytes)}
    <td class="number" data-value="${value}">${money.of(bytes)}</td>
    <td class="number" data-value="${value}">${share}</td>
    <td class="number" data-value="${records.toString()}">${formatCount(records)}</td>`
}
