// Where every byte went: how far the page can be trusted.

import {
  ACCOUNTS,
  formatBytes,
  formatCount,
  formatHour,
  formatShare,
  HOUR_SECONDS,
  type Account,
  type LedgerOptions,
  type UnixSeconds,
} from '@zonetoll/model'
import { counted, formatInterval } from './figures.ts'
import { html, type Markup, type Part } from './html.ts'
import { bytesIn, SENT, UNATTRIBUTED } from './ledger-books.ts'
import { nameMark } from './markup-of-names.ts'
import { barCell, bytesCell, scrolling, section } from './page-parts.ts'
import type { ReportData } from './report-data.ts'

const MOST_LISTED = 24
const MOST_PROBLEMS = 50
const SLOT_SECONDS = 300
const SLOTS = HOUR_SECONDS / SLOT_SECONDS

const MEANINGS: Readonly<Record<Account, string>> = {
  crossZone: 'both ends known, in two zones: what this page is about',
  sameZone: 'both ends known, in one zone: free',
  outside: 'to a public address',
  unknownSource: 'not attributed: nothing known held the source address',
  unknownDestination: 'not attributed: nothing known held the private destination address',
  ingress: 'the receiving side’s copy of what the sender logged too',
  relayed: 'a gateway’s, firewall’s or load balancer’s copy of what the sender logged too',
  rejected: 'refused traffic',
  otherHour: 'began in another hour, and is counted there',
  noData: 'lines that say that nothing was sent',
  skipData: 'lines that say that AWS lost records: their bytes are unknown',
  malformed: 'not records of the header’s format: their bytes are unknown',
}

/** The accounts that are copies, or no traffic of the hour. */
const LEFT_ASIDE = ACCOUNTS.filter(account => !SENT.includes(account)).toReversed()

export function ledgerSection(data: ReportData): Markup {
  return section(
    'ledger',
    'Where every byte went',
    html`<p>Every line of the flow logs is in exactly one account. ${attribution(data)}</p> `,
    scrolling('Accounts of the ledger', accountsTable(data)),
    html`<h3>What to be wary of</h3>
      <ul class="wary">
        ${wary(data).map(item => html`<li>${item}</li> `)}
      </ul> `,
    problemsTable(data),
  )
}

function attribution({ accounts }: ReportData): string {
  const sent = bytesIn(accounts, SENT)
  if (sent === 0n) return 'Nothing was sent.'
  const missing = bytesIn(accounts, UNATTRIBUTED)
  return `Of ${formatBytes(sent)} sent, each byte counted once, ${formatShare(sent - missing, sent)} are attributed and ${formatShare(missing, sent)} are not.`
}

function accountsTable({ accounts, read }: ReportData): Markup {
  const sent = bytesIn(accounts, SENT)
  const row = (account: Account, hue: string) => {
    const { bytes, records } = accounts[account]
    const part = hue === '' ? formatShare(bytes, sent === 0n ? 1n : sent) : ''
    return html`<tr>
      <th scope="row"><code>${account}</code></th>
      <td>${MEANINGS[account]}</td>
      ${barCell(bytes, read.bytes, hue)}${bytesCell(bytes)}
      <td class="number">${part}</td>
      <td class="number">${formatCount(records)}</td>
    </tr> `
  }
  return html`<table>
    <caption>
      Lines and bytes by account
    </caption>
    <thead>
      <tr>
        <th scope="col">Account</th>
        <th scope="col">What is in it</th>
        <th scope="col" colspan="2" class="number">Bytes</th>
        <th scope="col" class="number">Of what was sent</th>
        <th scope="col" class="number">Lines</th>
      </tr>
    </thead>
    <tbody>
      ${SENT.map(account => row(account, ''))}
    </tbody>
    <tbody>
      ${LEFT_ASIDE.map(account => row(account, ' idle'))}
    </tbody>
    <tfoot>
      <tr>
        <th scope="row" colspan="3">All that was read</th>
        ${bytesCell(read.bytes)}
        <td></td>
        <td class="number">${formatCount(read.records)}</td>
      </tr>
    </tfoot>
  </table>`
}

function wary(data: ReportData): Part[] {
  const { accounts, emptySlots, problems, hours, gaps, handedOver, cutAssignments, objects } = data
  const items: Part[] = []
  const gapHours = gaps.reduce((sum, { from, until }) => sum + (until - from) / HOUR_SECONDS, 0)
  items.push(
    gapHours === 0
      ? `Hours: ${hours.length === 1 ? 'the one asked for is' : `all ${formatCount(hours.length)} are`} there.`
      : html`<strong>${counted(gapHours, 'hour')} without a rollup</strong>, so not in any figure:
          ${listed(gaps.map(({ from, until }) => formatInterval(from, until)))}.`,
  )
  items.push(
    emptySlots.length === 0
      ? `Flow logs: objects in every slot of five minutes, ${counted(objects, 'object')} in all.`
      : html`<strong
            >No flow logs in ${formatCount(emptySlots.length)} of
            ${counted(hours.length * SLOTS, 'slot')}</strong
          >
          of five minutes: ${listed(stretchesOf(emptySlots))}. Either nothing was sent, or logs were late or
          lost.`,
  )
  items.push(
    problems.length === 0
      ? 'Objects: none was left out.'
      : html`<strong>${counted(problems.length, 'object')} left out</strong> as unreadable; their bytes are in
          no account.`,
  )
  if (accounts.skipData.records > 0n) {
    items.push(
      html`<strong>${counted(accounts.skipData.records, 'line')}</strong> in which AWS says that it lost
        records.`,
    )
  }
  if (accounts.malformed.records > 0n) {
    items.push(html`<strong>${counted(accounts.malformed.records, 'malformed line')}</strong>.`)
  }
  items.push(
    `Handed over: ${formatBytes(handedOver.bytes)} in ${counted(handedOver.records, 'record')} while the address passed between pods; they are counted with the pod that held it longest.`,
  )
  items.push(
    cutAssignments === 0
      ? 'Assignments: none had to be cut.'
      : `Assignments: ${counted(cutAssignments, 'overlapped another', 'overlapped others')} of the same address and ended where the later began.`,
  )
  items.push(
    'Late objects, which came after an hour was made, are in no figure until the hour is made again (pnpm start --due does).',
  )
  items.push(optionsItem(data.options))
  return items
}

function optionsItem(options: readonly LedgerOptions[]): Part {
  const texts = options.map(({ settle, skipBadObjects, appLabels, flowLogIds }) => {
    const logs = flowLogIds.length === 0 ? 'all flow logs' : html`flow logs ${listed(flowLogIds)}`
    const bad = skipBadObjects ? ', unreadable objects left out' : ''
    return html`${logs}, app from ${listed(appLabels)}, ${counted(settle, 'minute')} to settle${bad}`
  })
  if (texts.length === 1) return html`Made with: ${texts[0]!}.`
  const shown = texts.slice(0, MOST_LISTED)
  return html`<strong>The hours weren’t made alike</strong>:
    ${shown.map((text, at) => html`${at === 0 ? '' : '; or '}${text}`)}.`
}

function problemsTable({ problems }: ReportData): Markup | null {
  if (problems.length === 0) return null
  const left = problems.length - MOST_PROBLEMS
  return scrolling(
    'Objects left out',
    html`<table>
      <caption>
        Objects left out
      </caption>
      <thead>
        <tr>
          <th scope="col">Hour</th>
          <th scope="col">Object</th>
          <th scope="col">Why</th>
        </tr>
      </thead>
      <tbody>
        ${problems.slice(0, MOST_PROBLEMS).map(
          ({ hour, key, problem }) =>
            html`<tr>
              <th scope="row">${formatHour(hour)}</th>
              <td>${nameMark(key, 160)}</td>
              <td>it ${nameMark(problem, 200)}</td>
            </tr> `,
        )}
      </tbody>
      ${
        left > 0
          ? html`<tfoot>
              <tr>
                <th scope="row" colspan="3">${counted(left, 'more', 'more')}, not shown</th>
              </tr>
            </tfoot>`
          : null
      }
    </table>`,
  )
}

/** Slots in a row as one interval. */
function stretchesOf(slots: readonly UnixSeconds[]): string[] {
  const stretches: { from: UnixSeconds; until: UnixSeconds }[] = []
  for (const from of slots) {
    const until = (from + SLOT_SECONDS) as UnixSeconds
    const last = stretches.at(-1)
    if (last?.until === from) last.until = until
    else stretches.push({ from, until })
  }
  return stretches.map(({ from, until }) => formatInterval(from, until))
}

function listed(texts: readonly string[]): Markup {
  const shown = texts.slice(0, MOST_LISTED)
  const more = texts.length - shown.length
  return html`${shown.map((text, at) => html`${at === 0 ? '' : ', '}${nameMark(text)}`)}${more > 0 ? ` and ${formatCount(more)} more` : ''}`
}
