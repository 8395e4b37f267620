// The crossings as a drawing, and the same as a table for whoever can't see it.

import { formatBytes } from '@zonetoll/model'
import { layOutCrossings, WIDTH, type CrossingLink, type CrossingNode, type Crossings } from './crossings.ts'
import type { Money } from './figures.ts'
import { html, type Markup } from './html.ts'
import { bytesCell, scrolling, section } from './page-parts.ts'
import { compareBytes } from './party.ts'
import type { ReportData } from './report-data.ts'

const COLUMNS = ['Sent by', 'from zone', 'to zone', 'received by'] as const
/** Between a node and its label. */
const LABEL_GAP = 7
/** Room for the columns' heads. */
const TOP = 30

export function crossingsDrawing({ pairs }: ReportData, money: Money): Markup {
  const crossings = layOutCrossings(pairs)
  if (crossings === null) return section('crossings', 'Who sends where', html`<p>Nothing crossed zones.</p>`)
  return section(
    'crossings',
    'Who sends where',
    html`<p>
      From the workload that sends, out of its zone, into another, to the workload that receives. A band is as
      thick as its bytes are many, coloured by zone.
    </p> `,
    scrolling('Drawing: who sends where', drawing(crossings, money)),
    html`<details>
      <summary>The same as a table</summary>
      ${scrolling('Who sends where as a table', table(crossings))}
    </details> `,
  )
}

function drawing({ height, nodes, links }: Crossings, money: Money): Markup {
  const heads = COLUMNS.map((text, column) => {
    const { x, anchor } = labelPlace(nodes.find(node => node.column === column)!)
    return html`<text class="head" x="${round(x)}" y="-14" text-anchor="${anchor}">${text}</text> `
  })
  return html`<svg
    class="crossings"
    role="img"
    aria-label="Drawing of the bytes across zones, from sending workloads over zones to receiving workloads; the table below says the same"
    viewBox="0 ${-TOP} ${WIDTH} ${height + TOP}"
    width="${WIDTH}"
    height="${height + TOP}"
  >
    ${heads}
    <g class="links">${links.map(link => linkPath(link, nodes, money))}</g>
    <g class="nodes">${nodes.map((node, at) => nodeMark(node, at, money))}</g>
  </svg>`
}

// Workloads are named beside their node, zones above it.
function labelPlace({ column, x0, x1, y0, y1 }: CrossingNode): { x: number; y: number; anchor: string } {
  if (column === 0) return { x: x0 - LABEL_GAP, y: (y0 + y1) / 2 + 4.5, anchor: 'end' }
  if (column === 3) return { x: x1 + LABEL_GAP, y: (y0 + y1) / 2 + 4.5, anchor: 'start' }
  return { x: (x0 + x1) / 2, y: y0 - 5, anchor: 'middle' }
}

// A band with straight ends; the curve's handles lie half-way.
function linkPath(
  { from, to, bytes, hue, y0, y1, width }: CrossingLink,
  nodes: readonly CrossingNode[],
  money: Money,
): Markup {
  const source = nodes[from]!
  const target = nodes[to]!
  const middle = round((source.x1 + target.x0) / 2)
  const path = `M${round(source.x1)} ${round(y0)}C${middle} ${round(y0)} ${middle} ${round(y1)} ${round(target.x0)} ${round(y1)}`
  return html`<path
    class="zone${hue}"
    data-from="${from}"
    data-to="${to}"
    d="${path}"
    stroke-width="${round(Math.max(1, width))}"
    ><title>${source.label} → ${target.label}: ${formatBytes(bytes)}, ${money.of(bytes)}</title></path
  > `
}

function nodeMark(node: CrossingNode, at: number, money: Money): Markup {
  const { label, bytes, hue, x0, x1, y0, y1 } = node
  const { x, y, anchor } = labelPlace(node)
  const tone = hue === null ? 'plain' : `zone${hue}`
  const amount = formatBytes(bytes)
  return html`<g data-node="${at}">
    <rect
      class="${tone}"
      x="${round(x0)}"
      y="${round(y0)}"
      width="${round(x1 - x0)}"
      height="${round(Math.max(1, y1 - y0))}"
    >
      <title>${label}: ${amount}, ${money.of(bytes)}</title>
    </rect>
    <text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}">
      <tspan>${label}</tspan><tspan class="amount" dx="5">${amount}</tspan>
    </text>
  </g> `
}

function table({ nodes, links }: Crossings): Markup {
  const rows = links.map(({ from, to, bytes }) => {
    const source = nodes[from]!
    const target = nodes[to]!
    return {
      from: `${COLUMNS[source.column]} ${source.label}`,
      to: `${COLUMNS[target.column]} ${target.label}`,
      bytes,
      column: source.column,
    }
  })
  rows.sort((a, b) => a.column - b.column || compareBytes(a, b))
  return html`<table>
    <caption>
      The bands of the drawing, column by column
    </caption>
    <thead>
      <tr>
        <th scope="col">From</th>
        <th scope="col">To</th>
        <th scope="col" class="number">Bytes</th>
      </tr>
    </thead>
    <tbody>
      ${rows.map(
        row =>
          html`<tr>
            <td>${row.from}</td>
            <td>${row.to}</td>
            ${bytesCell(row.bytes)}
          </tr> `,
      )}
    </tbody>
  </table>`
}

function round(value: number): string {
  return String(Math.round(value * 10) / 10)
}
