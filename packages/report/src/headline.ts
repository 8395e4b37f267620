// What a reader wants to know first: how much, what it costs, and how far to trust it.

import { formatBytes, formatCount, formatShare, HOUR_SECONDS } from '@zonetoll/model'
import { counted, formatChange, formatInterval, type Money, MONTH_HOURS, sumOf } from './figures.ts'
import { html, type Markup } from './html.ts'
import { bytesIn, SENT, UNATTRIBUTED } from './ledger-books.ts'
import { nameMark } from './markup-of-names.ts'
import { figure } from './page-parts.ts'
import type { ReportData } from './report-data.ts'

/** A share of unattributed bytes from which the page asks for care. */
const MUCH_UNATTRIBUTED = 0.05
/** Likewise, of lines in which AWS says that it lost records. */
const MUCH_LOST = 0.001

export function headline(data: ReportData, money: Money, title: string): Markup {
  return html`<header>
      <h1>${title}</h1>
      <p class="about">
        Cluster <strong>${nameMark(data.cluster)}</strong> · ${formatInterval(data.from, data.to)} ·
        <span class="whole">${hoursOf(data)}</span>
      </p>
    </header>
    <section aria-label="Headline">
      <dl class="figures">${figures(data, money)}</dl>
      ${trust(data)}
    </section>`
}

function figures(data: ReportData, money: Money): Markup[] {
  const { crossZone, sameZone } = data.accounts
  const known = crossZone.bytes + sameZone.bytes
  const routes = sumOf(data.advice.actions.filter(({ kind }) => kind === 'route'))
  const records = counted(crossZone.records, 'record')
  const pairs = counted(data.pairs.length, 'pair')
  const such = data.hours.length === 1 ? 'this one' : 'these'
  return [
    figure('Across zones', formatBytes(crossZone.bytes), `in ${records}, ${pairs} of workloads and zones`),
    figure('Cost', money.of(crossZone.bytes), `at ${money.price}, list price`),
    figure('A month like this', money.monthly(crossZone.bytes), `${MONTH_HOURS} hours such as ${such}`),
    figure(
      'Share that crosses',
      known === 0n ? '–' : formatShare(crossZone.bytes, known),
      `of ${formatBytes(known)} between known endpoints`,
    ),
    changeFigure(data),
    figure('Routes would save', money.monthly(routes), html`a month: <a href="#advice">what to do</a>`),
  ]
}

/** `24 hours`; `23 of 24 hours` where some have no rollup. */
function hoursOf({ hours, gaps, from, to }: ReportData): string {
  const asked = counted((to - from) / HOUR_SECONDS, 'hour')
  return gaps.length === 0 ? asked : `${formatCount(hours.length)} of ${asked}`
}

function changeFigure(data: ReportData): Markup {
  const { earlier, hours } = data
  const length = (data.to - data.from) / HOUR_SECONDS
  const before = length === 1 ? 'the hour before' : `the ${formatCount(length)} hours before`
  if (hours.length > 0 && earlier.found === hours.length) {
    const change = formatChange(data.accounts.crossZone.bytes, earlier.crossZone)
    return figure('Change', change, `against ${formatBytes(earlier.crossZone)} in ${before}`)
  }
  const found = earlier.found === 0 ? 'no rollups' : `only ${formatCount(earlier.found)} rollups`
  return figure('Change', '–', `${found} of ${before}`)
}

/** One line that says how far the figures hold, and sends the reader to the ledger. */
function trust(data: ReportData): Markup {
  const { accounts, emptySlots, gaps, problems, read } = data
  const sent = bytesIn(accounts, SENT)
  const missing = bytesIn(accounts, UNATTRIBUTED)
  const gapHours = gaps.reduce((sum, { from, until }) => sum + (until - from) / HOUR_SECONDS, 0)
  const lost = accounts.skipData.records
  const doubts = [
    gapHours > 0 ? `${counted(gapHours, 'hour')} without a rollup` : '',
    emptySlots.length > 0 ? `${counted(emptySlots.length, 'slot')} without flow logs` : '',
    problems.length > 0 ? `${counted(problems.length, 'object')} left out` : '',
    lost > 0n ? `${counted(lost, 'line')} where AWS lost records` : '',
  ].filter(text => text !== '')
  const careful =
    gapHours + emptySlots.length + problems.length > 0 ||
    Number(missing) > Number(sent) * MUCH_UNATTRIBUTED ||
    Number(lost) > Number(read.records) * MUCH_LOST
  const attributed =
    sent === 0n ? 'nothing was sent' : `${formatShare(sent - missing, sent)} of the bytes sent are attributed`
  return html`<p class="trust${careful ? ' careful' : ''}">
    <strong>How far to trust it:</strong> ${[attributed, ...doubts].join('; ')}.
    <a href="#ledger">Where every byte went</a>
  </p>`
}
