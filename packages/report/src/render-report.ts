// The page: one HTML file that needs nothing else. It loads nothing, sends nothing and can be read without its script;
// a policy in it forbids the rest to the browser.

import { crossingsDrawing } from './crossings-drawing.ts'
import { counted, formatInterval, Money, type Price } from './figures.ts'
import { headline } from './headline.ts'
import { html, type Markup } from './html.ts'
import { ledgerSection } from './ledger-section.ts'
import { namespaces } from './namespaces.ts'
import { POLICY, SCRIPT_ELEMENT, STYLE_ELEMENT } from './page-elements.ts'
import type { ReportData } from './report-data.ts'
import { topPairs } from './top-pairs.ts'
import { trend } from './trend.ts'
import { cut } from './visible-text.ts'
import { whatToDo } from './what-to-do.ts'
import { zoneMatrix } from './zone-matrix.ts'

export interface RenderOptions extends Price {
  /** The page's heading; `Traffic across zones` where it isn't given. */
  readonly title?: string
}

const LONGEST_TITLE = 120

/** The page as text, ending in a line feed: the same data and options give the same text. */
export function renderReport(data: ReportData, options: RenderOptions = {}): string {
  const title = cut(options.title ?? 'Traffic across zones', LONGEST_TITLE)
  const money = new Money(options, data.hours.length)
  const parts = [
    ['zones', 'Zone by zone', zoneMatrix(data, money)],
    ['trend', 'Trend', trend(data, money)],
    ['crossings', 'Who sends where', crossingsDrawing(data, money)],
    ['advice', 'What to do', whatToDo(data, money)],
    ['namespaces', 'By namespace', namespaces(data, money)],
    ['pairs', 'Top pairs', topPairs(data, money)],
    ['ledger', 'Where every byte went', ledgerSection(data)],
  ] as const
  const links = parts.flatMap(([id, label, part]) =>
    part === null ? [] : [html`<li><a href="#${id}">${label}</a></li>`],
  )
  const sections: readonly (Markup | null)[] = parts.map(([, , part]) => part)
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${POLICY}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="generator" content="Zonetoll" />
        <title>${title} · ${data.cluster} · ${formatInterval(data.from, data.to)}</title>
        ${STYLE_ELEMENT}
      </head>
      <body>
        <a class="skip" href="#main">Skip to the figures</a>
        <main id="main">
          ${headline(data, money, title)}
          <nav aria-label="On this page">
            <ul>
              ${links}
            </ul>
          </nav>
          ${sections}
        </main>
        <footer>
          <p>
            Made by Zonetoll from ${counted(data.hours.length, 'rollup')} and
            ${data.hours.length === 1 ? 'its ledger' : 'their ledgers'}. Dollars are list price at
            ${money.price}: what was sent costs on both ends. Bytes are in units of 1024, times in UTC.
          </p>
        </footer>
        ${SCRIPT_ELEMENT}
      </body>
    </html> `.text
}
