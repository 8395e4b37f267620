// The bytes from zone to zone as a table, coloured by how much; within a zone it costs nothing and stands on the diagonal.

import { compareText, formatBytes, type ZoneId } from '@zonetoll/model'
import { counted, type Money, sumOf } from './figures.ts'
import { html, type Markup } from './html.ts'
import { zoneMark } from './markup-of-names.ts'
import { scrolling, section } from './page-parts.ts'
import { compareBytes } from './party.ts'
import type { ReportData } from './report-data.ts'

/** A region has up to six zones, and some local ones. */
const MOST_ZONES = 12
/** Shades of a cell, from little to much. */
const SHADES = 5

interface ZoneBytes {
  readonly zone: ZoneId
  bytes: bigint
}

export function zoneMatrix(data: ReportData, money: Money): Markup {
  const { shown, left } = greatestZones(data)
  if (shown.length === 0) {
    return section('zones', 'Zone by zone', html`<p>No traffic between known endpoints.</p>`)
  }
  const cells = new Map<string, bigint>()
  let most = 0n
  let drawn = 0n
  for (const { source, destination, bytes } of data.zones) {
    if (!shown.includes(source) || !shown.includes(destination)) continue
    cells.set(JSON.stringify([source, destination]), bytes)
    drawn += bytes
    if (source !== destination && bytes > most) most = bytes
  }
  const rows = shown.map(source => {
    const row = shown.map(destination => {
      const bytes = cells.get(JSON.stringify([source, destination])) ?? 0n
      return cell(bytes, source === destination, most, money)
    })
    return html`<tr>
      <th scope="row">${zoneMark(source)}</th>
      ${row}
    </tr> `
  })
  const table = html`<table class="heat">
    <caption>
      Bytes sent, from the zone of the row to the zone of the column
    </caption>
    <thead>
      <tr>
        <td></td>
        ${shown.map(zone => html`<th scope="col">${zoneMark(zone)}</th>`)}
      </tr>
    </thead>
    <tbody>
      ${rows}
    </tbody>
  </table>`
  const rest =
    left === 0
      ? null
      : html`<p class="note">
          Not shown: ${counted(left, 'zone')}, ${formatBytes(sumOf(data.zones) - drawn)} from or to them.
        </p>`
  return section(
    'zones',
    'Zone by zone',
    html`<p>
      The stronger a cell’s colour, the more. The framed diagonal stayed in its zone and is free; every other
      cell is billed.
    </p> `,
    scrolling('Bytes from zone to zone', table),
    rest,
  )
}

function cell(bytes: bigint, same: boolean, most: bigint, money: Money): Markup {
  if (same) {
    return html`<td class="same">
      ${bytes === 0n ? '–' : formatBytes(bytes)}<span class="cost">same zone</span>
    </td>`
  }
  if (bytes === 0n) return html`<td class="shade0">–</td>`
  const shade = Math.max(1, Math.ceil((Number(bytes) / Number(most)) * SHADES))
  return html`<td class="shade${shade}">
    ${formatBytes(bytes)}<span class="cost">${money.of(bytes)}</span>
  </td>`
}

/** The zones that are drawn, by name, and how many aren't. */
function greatestZones({ zones }: ReportData): { shown: ZoneId[]; left: number } {
  const sums = new Map<ZoneId, ZoneBytes>()
  for (const { source, destination, bytes } of zones) {
    for (const zone of new Set([source, destination])) {
      const sum = sums.get(zone)
      if (sum === undefined) sums.set(zone, { zone, bytes })
      else sum.bytes += bytes
    }
  }
  const ordered = [...sums.values()].sort((a, b) => compareBytes(a, b) || compareText(a.zone, b.zone))
  return {
    shown: ordered
      .slice(0, MOST_ZONES)
      .map(({ zone }) => zone)
      .sort(compareText),
    left: Math.max(0, ordered.length - MOST_ZONES),
  }
}
