// Bytes across zones hour by hour: bars on a scale, hours without a rollup as gaps, and the same as a table.
//
// Beyond MOST_BARS hours a bar is a day: narrower than a pixel nobody sees them.

import { formatBytes, HOUR_SECONDS, type Hour } from '@zonetoll/model'
import { formatMinute, type Money } from './figures.ts'
import { html, type Markup } from './html.ts'
import { bytesCell, scrolling, section } from './page-parts.ts'
import type { ReportData } from './report-data.ts'

const MOST_BARS = 750
const WIDTH = 1000
const HEIGHT = 180
const LEFT = 72
const RIGHT = 20
const BOTTOM = 24
const TOP = 8
/** Between two labels of the time axis. */
const LABEL_ROOM = 90

interface Bar {
  /** Bars from the left. */
  readonly place: number
  readonly from: Hour
  hours: number
  crossZone: bigint
  sameZone: bigint
  unattributed: bigint
}

interface Bars {
  readonly bars: readonly Bar[]
  readonly places: number
  /** Hours of a bar: 1 or 24. */
  readonly step: number
  readonly from: number
}

/** Null for one hour, which has no trend. */
export function trend(data: ReportData, money: Money): Markup | null {
  if (data.to - data.from <= HOUR_SECONDS) return null
  const bars = barsOf(data)
  const each = bars.step === 1 ? 'Hour' : 'Day'
  const gaps = data.gaps.length === 0 ? '' : ' Hatched hours have no rollup.'
  return section(
    'trend',
    `${each} by ${each.toLowerCase()}`,
    html`<p>Bytes across zones, in UTC.${gaps}</p> `,
    scrolling(
      `Chart: bytes across zones ${each.toLowerCase()} by ${each.toLowerCase()}`,
      chart(data, bars, money),
    ),
    html`<details>
      <summary>The same as a table</summary>
      ${scrolling(`Bytes ${each.toLowerCase()} by ${each.toLowerCase()}`, table(bars, each, money))}
    </details> `,
  )
}

function barsOf({ hours, from, to }: ReportData): Bars {
  const step = (to - from) / HOUR_SECONDS > MOST_BARS ? 24 : 1
  const seconds = step * HOUR_SECONDS
  const start = Math.floor(from / seconds) * seconds
  const bars: Bar[] = []
  for (const { hour, crossZone, sameZone, unattributed } of hours) {
    const place = Math.floor((hour - start) / seconds)
    const last = bars.at(-1)
    if (last?.place === place) {
      last.hours++
      last.crossZone += crossZone
      last.sameZone += sameZone
      last.unattributed += unattributed
    } else {
      const begin = (start + place * seconds) as Hour
      bars.push({ place, from: begin, hours: 1, crossZone, sameZone, unattributed })
    }
  }
  return { bars, places: Math.ceil((to - start) / seconds), step, from: start }
}

function chart(data: ReportData, { bars, places, step, from }: Bars, money: Money): Markup {
  const most = bars.reduce((greatest, { crossZone }) => (crossZone > greatest ? crossZone : greatest), 0n)
  const scale = scaleFor(Number(most))
  const plot = HEIGHT - TOP - BOTTOM
  const room = (WIDTH - LEFT - RIGHT) / places
  const xOf = (place: number) => LEFT + place * room
  const yOf = (bytes: number) => TOP + plot - (bytes / scale.top) * plot
  const lines = scale.marks.map(
    mark =>
      html`<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${round(yOf(mark))}" y2="${round(yOf(mark))}" /><text
          x="${LEFT - 8}"
          y="${round(yOf(mark))}"
          dy="0.34em"
          text-anchor="end"
          >${formatBytes(mark)}</text
        > `,
  )
  const gaps = data.gaps.map(gap => {
    const x = xOf((gap.from - from) / (step * HOUR_SECONDS))
    const width = ((gap.until - gap.from) / (step * HOUR_SECONDS)) * room
    return html`<rect class="gap" x="${round(x)}" y="${TOP}" width="${round(width)}" height="${plot}"
      ><title>no rollup from ${formatMinute(gap.from)} to ${formatMinute(gap.until)} UTC</title></rect
    > `
  })
  const width = Math.max(0.8, room * (room > 4 ? 0.82 : 0.94))
  const marks = bars.map(bar => {
    const y = yOf(Number(bar.crossZone))
    return html`<rect
      class="bar"
      x="${round(xOf(bar.place) + (room - width) / 2)}"
      y="${round(y)}"
      width="${round(width)}"
      height="${round(TOP + plot - y)}"
      ><title>${labelOf(bar, step)}: ${formatBytes(bar.crossZone)}, ${money.of(bar.crossZone)}</title></rect
    > `
  })
  const every = niceStep(Math.ceil(LABEL_ROOM / room), step)
  const ticks: Markup[] = []
  for (let place = 0; place < places; place++) {
    const seconds = from + place * step * HOUR_SECONDS
    if ((seconds / (step * HOUR_SECONDS)) % every !== 0) continue
    const text = formatMinute(seconds)
    const label = every * step >= 24 || text.endsWith('00:00') ? text.slice(5, 10) : text.slice(11)
    ticks.push(
      html`<text x="${round(xOf(place) + room / 2)}" y="${HEIGHT - 6}" text-anchor="middle">${label}</text> `,
    )
  }
  return html`<svg
    class="trend"
    role="img"
    aria-label="Bar chart of the bytes across zones, at most ${formatBytes(most)} ${step === 1 ? 'an hour' : 'a day'}; the table below has every bar"
    viewBox="0 0 ${WIDTH} ${HEIGHT}"
    width="${WIDTH}"
    height="${HEIGHT}"
  >
    <defs>
      <pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
        <rect width="1.5" height="6" />
      </pattern>
    </defs>
    <g class="axis">${lines}${ticks}</g>
    ${gaps}${marks}
  </svg>`
}

function table({ bars, step }: Bars, each: string, money: Money): Markup {
  return html`<table>
    <caption>
      Bytes by ${each.toLowerCase()}
    </caption>
    <thead>
      <tr>
        <th scope="col">${each} (UTC)</th>
        <th scope="col" class="number">Across zones</th>
        <th scope="col" class="number">Cost</th>
        <th scope="col" class="number">Within zones</th>
        <th scope="col" class="number">Not attributed</th>
      </tr>
    </thead>
    <tbody>
      ${bars.map(
        bar =>
          html`<tr>
            <th scope="row">${labelOf(bar, step)}</th>
            ${bytesCell(bar.crossZone)}
            <td class="number">${money.of(bar.crossZone)}</td>
            ${bytesCell(bar.sameZone)}${bytesCell(bar.unattributed)}
          </tr> `,
      )}
    </tbody>
  </table>`
}

function labelOf({ from, hours }: Bar, step: number): string {
  const text = formatMinute(from)
  if (step === 1) return text
  return hours === step ? text.slice(0, 10) : `${text.slice(0, 10)} (${hours} of ${step} hours)`
}

// Of a unit of 1024, so that twice a step reads as well: 512 MiB, 1 GiB.
const STEPS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024]

/** A scale from 0 to at least `most` bytes with four marks above 0 at the most, each a round number of a unit. */
export function scaleFor(most: number): { readonly top: number; readonly marks: readonly number[] } {
  if (most <= 0) return { top: 1, marks: [0] }
  const least = most / 4
  const unit = 1024 ** Math.max(0, Math.floor(Math.log2(least) / 10))
  const step = unit * STEPS.find(each => each * unit >= least)!
  const count = Math.ceil(most / step)
  return { top: count * step, marks: Array.from({ length: count + 1 }, (_, at) => at * step) }
}

// Labels stand at round times.
function niceStep(least: number, step: number): number {
  const steps = step === 1 ? [1, 2, 3, 6, 12, 24, 48, 96, 168, 336] : [1, 2, 7, 14, 28, 56, 112, 364]
  return steps.find(each => each >= least) ?? least
}

function round(value: number): string {
  return String(Math.round(value * 10) / 10)
}
