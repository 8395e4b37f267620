// The parts that sections are made of.

import { formatBytes } from '@zonetoll/model'
import { html, type Markup, type Part } from './html.ts'

/** A section with a heading that names it. `id` is a word of ours. */
export function section(id: string, title: string, ...content: readonly Part[]): Markup {
  return html`<section aria-labelledby="${id}">
    <h2 id="${id}">${title}</h2>
    ${content}
  </section> `
}

/** What may be wider than a phone: it scrolls by itself, by finger and by keyboard. */
export function scrolling(label: string, content: Part): Markup {
  return html`<div class="scroll" role="region" tabindex="0" aria-label="${label}">${content}</div> `
}

/** Bytes as a cell; the exact number is what sorting and hovering use. */
export function bytesCell(bytes: bigint): Markup {
  return html`<td
    class="number"
    data-value="${bytes.toString()}"
    title="${bytes.toLocaleString('en-US')} bytes"
  >
    ${formatBytes(bytes)}
  </td>`
}

const BAR_WIDTH = 120
const BAR_HEIGHT = 10

/** A cell with a bar of the part of the whole; the number stands in a cell beside it. */
export function barCell(part: bigint, whole: bigint, hue = ''): Markup {
  const width = whole === 0n ? 0 : (Number(part) / Number(whole)) * BAR_WIDTH
  const drawn = part === 0n ? 0 : Math.max(1, width)
  return html`<td class="bar">
    <svg
      class="bar${hue}"
      viewBox="0 0 ${BAR_WIDTH} ${BAR_HEIGHT}"
      width="${BAR_WIDTH}"
      height="${BAR_HEIGHT}"
      aria-hidden="true"
    >
      <rect class="track" width="${BAR_WIDTH}" height="${BAR_HEIGHT}" rx="2" />
      <rect width="${drawn.toFixed(1)}" height="${BAR_HEIGHT}" rx="2" />
    </svg>
  </td>`
}

/** A number with its label and a note, as the headline has them. */
export function figure(label: string, value: string, note: Part): Markup {
  return html`<div class="figure">
    <dt>${label}</dt>
    <dd><span class="value">${value}</span><span class="note">${note}</span></dd>
  </div> `
}
