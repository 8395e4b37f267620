// What each namespace sends and receives across zones, as bars.

import { compareText } from '@zonetoll/model'
import { counted, type Money, sumOf } from './figures.ts'
import { html, type Markup } from './html.ts'
import { nameMark } from './markup-of-names.ts'
import { barCell, bytesCell, scrolling, section } from './page-parts.ts'
import type { Party } from './party.ts'
import type { ReportData } from './report-data.ts'

const MOST_SHOWN = 15

const OUTSIDE_NAMESPACES = {
  node: 'nodes',
  interface: 'interfaces: databases, load balancers, gateways',
  subnet: 'addresses known by their subnet alone',
} as const

interface Namespace {
  /** A pod's namespace; null for what lies in none, which `label` names. */
  readonly name: string | null
  readonly label: string
  sent: bigint
  received: bigint
}

export function namespaces({ pairs }: ReportData, money: Money): Markup | null {
  const all = namespacesOf(pairs)
  if (all.length === 0) return null
  const shown = all.slice(0, MOST_SHOWN)
  const left = all.slice(MOST_SHOWN)
  const most = shown.reduce((greatest, { sent, received }) => maximum(greatest, sent, received), 0n)
  const rows = shown.map(
    ({ name, label, sent, received }) =>
      html`<tr>
        <th scope="row">${name === null ? html`<span class="set-back">${label}</span>` : nameMark(name)}</th>
        ${barCell(sent, most)}${bytesCell(sent)}${barCell(received, most, ' received')}${bytesCell(received)}
        <td class="number">${money.of(sent)}</td>
      </tr> `,
  )
  const sent = sumOf(left.map(namespace => ({ bytes: namespace.sent })))
  const received = sumOf(left.map(namespace => ({ bytes: namespace.received })))
  const rest =
    left.length === 0
      ? null
      : html`<tfoot>
          <tr>
            <th scope="row">${counted(left.length, 'more namespace')}</th>
            <td></td>
            ${bytesCell(sent)}
            <td></td>
            ${bytesCell(received)}
            <td class="number">${money.of(sent)}</td>
          </tr>
        </tfoot>`
  return section(
    'namespaces',
    'By namespace',
    scrolling(
      'Bytes across zones by namespace',
      html`<table>
        <caption>
          Bytes across zones that each namespace sends and receives; the cost is of what it sends
        </caption>
        <thead>
          <tr>
            <th scope="col">Namespace</th>
            <th scope="col" colspan="2" class="number">Sent</th>
            <th scope="col" colspan="2" class="number">Received</th>
            <th scope="col" class="number">Cost</th>
          </tr>
        </thead>
        <tbody>
          ${rows}
        </tbody>
        ${rest}
      </table>`,
    ),
  )
}

function namespacesOf(pairs: ReportData['pairs']): Namespace[] {
  const sums = new Map<string, Namespace>()
  const sumOfEnd = ({ kind, namespace }: Party): Namespace => {
    const name = kind === 'pod' ? (namespace ?? '') : null
    const label = kind === 'pod' ? '' : OUTSIDE_NAMESPACES[kind]
    const key = JSON.stringify([name, label])
    let sum = sums.get(key)
    if (sum === undefined) {
      sum = { name, label, sent: 0n, received: 0n }
      sums.set(key, sum)
    }
    return sum
  }
  for (const { source, destination, bytes } of pairs) {
    sumOfEnd(source).sent += bytes
    sumOfEnd(destination).received += bytes
  }
  return [...sums.values()].sort(
    (a, b) =>
      compare(b.sent + b.received, a.sent + a.received) ||
      compareText(a.name, b.name) ||
      compareText(a.label, b.label),
  )
}

function compare(a: bigint, b: bigint): number {
  return a === b ? 0 : a < b ? -1 : 1
}

function maximum(...values: readonly bigint[]): bigint {
  return values.reduce((greatest, value) => (value > greatest ? value : greatest), 0n)
}
