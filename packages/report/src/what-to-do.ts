// What would keep bytes in their zone: one table in which every byte across zones stands once, then class by class
// what to change, with the assumption beside the figures.

import { formatBytes, formatShare } from '@zonetoll/model'
import { ADVICE_KINDS, REASONS, type Action, type AdviceKind, type Reason, type Subject } from './advice.ts'
import { counted, type Money, MONTH_HOURS, sumOf } from './figures.ts'
import { html, lines, type Markup, type Part } from './html.ts'
import { COLLECTORS, DATABASE_WORDS } from './known-names.ts'
import { partyMark, podsMark } from './markup-of-names.ts'
import { barCell, bytesCell, scrolling, section } from './page-parts.ts'
import type { ReportData } from './report-data.ts'
import { routeCommand, routeManifest, spreadManifest } from './snippets.ts'

/** Of each class. */
const MOST_ACTIONS: Readonly<Record<AdviceKind, number>> = {
  route: 10,
  members: 5,
  placement: 5,
  collector: 5,
  readers: 5,
}
const MOST_PEERS = 2
const MOST_COMMANDS = 5

interface Chapter {
  readonly title: string
  /** What to change, in a few words. */
  readonly change: string
  /** What the figures take for granted. */
  readonly assumption: string
  readonly subject: string
  readonly peers: string
}

const CHAPTERS: Readonly<Record<AdviceKind, Chapter>> = {
  route: {
    title: 'Route to the caller’s zone',
    change: 'Service: trafficDistribution: PreferClose',
    assumption:
      'These workloads had pods in the zone at the other end, so a Service that prefers its caller’s zone would have kept question and answer there. ' +
      'It is assumed that they are called through a Service, and that their pods in each zone can carry their own zone’s callers. ' +
      'Flow logs don’t tell who calls: of two that could be called, the one that sent more is taken to be (a StatefulSet rather than a Deployment, a DaemonSet last).',
    subject: 'Workload behind the Service',
    peers: 'Exchanged with',
  },
  members: {
    title: 'StatefulSets: choose the member in the zone',
    change: 'the client’s zone setting (rack awareness)',
    assumption:
      'These had pods in the zone at the other end too, but clients of a StatefulSet often call one member by name (a broker, a shard, a primary), past any Service. ' +
      'The bytes are saved only where any member can answer: set the client’s rack or zone (Kafka: client.rack with a rack-aware replica selector), or the Service as above.',
    subject: 'StatefulSet',
    peers: 'Exchanged with',
  },
  placement: {
    title: 'Place pods in the callers’ zones',
    change: 'replicas, topologySpreadConstraints',
    assumption:
      'Neither end had a pod in the other’s zone, so no route could have kept the bytes home. ' +
      'The figures, both ways together, are what is saved once the workload, taken as the one that is called, has pods in every zone of its callers and its Service prefers the caller’s zone. The cost of further pods isn’t taken off.',
    subject: 'Workload to place',
    peers: 'Exchanged with',
  },
  collector: {
    title: 'Collect metrics in each zone',
    change: 'one collector a zone, each with the targets of its zone',
    assumption:
      `Recognised by name: a workload or app whose name holds ${COLLECTORS.join(', ')}. ` +
      'It is assumed that all it exchanges with pods and nodes is scraping, and that a collector in each zone would take over its zone’s targets; what collectors then send to storage isn’t taken off.',
    subject: 'Collector',
    peers: 'Exchanged with',
  },
  readers: {
    title: 'Read from a database in the zone',
    change: 'a read replica in the reader’s zone, or the reader where the database is',
    assumption:
      `Recognised by name: a network interface whose name holds one of the words ${DATABASE_WORDS.join(', ')}; rollups don’t say which service an interface belongs to. ` +
      'Counted is only what databases send to readers in other zones: a replica can’t take writes. Its own cost, and replication to it, aren’t taken off.',
    subject: 'Database',
    peers: 'Read by',
  },
}

const WHY_NOTHING: Readonly<Record<Reason, string>> = {
  ownPods: 'between pods of one workload: replication, gossip',
  toDatabase: 'to databases: queries and writes go to where the database is',
  jobs: 'between jobs, which nobody calls',
  otherEnds: 'with a load balancer, gateway, node, single pod or unnamed address at one end',
}

export function whatToDo(data: ReportData, money: Money): Markup {
  const { actions } = data.advice
  const chapters = ADVICE_KINDS.map(kind => {
    const chosen = actions.filter(action => action.kind === kind)
    return chosen.length === 0 ? null : chapter(kind, chosen, money)
  })
  return section(
    'advice',
    'What to do',
    html`<p>
      Every byte across zones stands once in this table, by what would have kept it in its zone. Computed from
      who sent what and where each workload’s pods were in that hour.
    </p> `,
    scrolling('What would keep bytes in their zone', overview(data, money)),
    chapters,
  )
}

function overview({ advice, accounts }: ReportData, money: Money): Markup {
  const whole = accounts.crossZone.bytes
  const line = (label: Part, change: string, bytes: bigint, hue: string) =>
    html`<tr>
      <th scope="row">${label}</th>
      ${barCell(bytes, whole, hue)}${bytesCell(bytes)}
      <td class="number">${whole === 0n ? '–' : formatShare(bytes, whole)}</td>
      <td class="number">${money.monthly(bytes)}</td>
      <td>${change}</td>
    </tr> `
  const kinds = ADVICE_KINDS.map(kind => {
    const bytes = sumOf(advice.actions.filter(action => action.kind === kind))
    const { title, change } = CHAPTERS[kind]
    const label = bytes === 0n ? html`${title}` : html`<a href="#advice-${kind}">${title}</a>`
    return line(label, change, bytes, '')
  })
  const reasons = REASONS.map(reason =>
    line(html`<span class="set-back">Nothing</span>`, WHY_NOTHING[reason], advice.nothing[reason], ' idle'),
  )
  return html`<table>
    <caption>
      A month is ${MONTH_HOURS} hours at the pace of these, at ${money.price}
    </caption>
    <thead>
      <tr>
        <th scope="col">What</th>
        <th scope="col" colspan="2" class="number">Bytes</th>
        <th scope="col" class="number">Share</th>
        <th scope="col" class="number">A month</th>
        <th scope="col">How, or why not</th>
      </tr>
    </thead>
    <tbody>
      ${kinds}${reasons}
    </tbody>
    <tfoot>
      ${line('All across zones', '', whole, ' idle')}
    </tfoot>
  </table>`
}

function chapter(kind: AdviceKind, actions: readonly Action[], money: Money): Markup {
  const { title, assumption, subject, peers } = CHAPTERS[kind]
  const shown = actions.slice(0, MOST_ACTIONS[kind])
  const left = actions.slice(MOST_ACTIONS[kind])
  const rest =
    left.length === 0
      ? null
      : html`<tfoot>
          <tr>
            <th scope="row" colspan="2">${counted(left.length, 'more', 'more')}, not shown</th>
            ${bytesCell(sumOf(left))}
            <td class="number">${money.of(sumOf(left))}</td>
            <td class="number">${money.monthly(sumOf(left))}</td>
          </tr>
        </tfoot>`
  return html`<h3 id="advice-${kind}">
      ${title}
      <span class="gain">${formatBytes(sumOf(actions))}, ${money.monthly(sumOf(actions))} a month</span>
    </h3>
    <p class="assumption"><strong>Assumed.</strong> ${assumption}</p>
    ${scrolling(
      title,
      html`<table>
        <thead>
          <tr>
            <th scope="col">${subject}</th>
            <th scope="col">${peers}</th>
            <th scope="col" class="number">Would stay home</th>
            <th scope="col" class="number">Saves</th>
            <th scope="col" class="number">A month</th>
          </tr>
        </thead>
        <tbody>
          ${shown.map(action => row(action, money))}
        </tbody>
        ${rest}
      </table>`,
    )}${snippet(kind, shown)}`
}

function row({ subject, bytes, peers }: Action, money: Money): Markup {
  return html`<tr>
    <td>${subjectMark(subject)}</td>
    <td>${peersMark(peers)}</td>
    ${bytesCell(bytes)}
    <td class="number">${money.of(bytes)}</td>
    <td class="number">${money.monthly(bytes)}</td>
  </tr> `
}

function subjectMark(subject: Subject): Markup {
  const isWorkload = subject.kind === 'pod' && subject.workload !== null
  const pods = isWorkload ? html`<span class="detail">pods: ${podsMark(subject.pods)}</span>` : null
  return html`${partyMark(subject)}${pods}`
}

function peersMark(peers: Action['peers']): Markup {
  const shown = peers
    .slice(0, MOST_PEERS)
    .map(
      ({ subject, bytes }) =>
        html`<span class="peer"
          >${partyMark(subject)} <span class="amount">${formatBytes(bytes)}</span></span
        >`,
    )
  const left = peers.slice(MOST_PEERS)
  const more =
    left.length === 0
      ? null
      : html`<span class="detail"
          >and ${counted(left.length, 'more', 'more')}, ${formatBytes(sumOf(left))}</span
        >`
  return html`${shown}${more}`
}

function snippet(kind: AdviceKind, actions: readonly Action[]): Markup | null {
  if (kind === 'route') {
    const commands = actions.flatMap(({ subject }) => routeCommand(subject) ?? []).slice(0, MOST_COMMANDS)
    const manifest = actions.flatMap(({ subject }) => routeManifest(subject) ?? [])[0]
    if (manifest === undefined) return null
    return html`<p>
        Where the Service is called as its workload is (Kubernetes 1.31 or later; from 1.34 on the same
        setting is also called <code>PreferSameZone</code>):
      </p>
      ${code('Commands that set it', commands)}
      <details>
        <summary>As a manifest</summary>
        ${code('The Service’s manifest', [manifest])}
      </details> `
  }
  if (kind === 'placement') {
    const manifest = actions.flatMap(({ subject }) => spreadManifest(subject) ?? [])[0]
    if (manifest === undefined) return null
    return html`<details>
      <summary>A manifest that spreads pods over zones</summary>
      ${code('Manifest with topologySpreadConstraints', [manifest])}
    </details> `
  }
  return null
}

function code(label: string, texts: readonly string[]): Markup {
  // Line feeds are ours, between lines whose names were checked.
  const all = texts.flatMap(text => text.split('\n'))
  return html`<pre role="region" tabindex="0" aria-label="${label}"><code>${lines(all)}</code></pre>`
}
