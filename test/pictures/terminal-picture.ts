// A picture of a terminal: a command's output as SVG text, for the README.
//
//   node test/pictures/terminal-picture.ts <title> < output > picture.svg
//
// The text stays text: it can be selected, found and read aloud, and is dark on light or light on dark as the reader's
// system asks.

import { text as textOf } from 'node:stream/consumers'

const LINE_HEIGHT = 19
const CHARACTER_WIDTH = 8.4
const PADDING = 18
const TITLE_HEIGHT = 30

const title = process.argv[2] ?? ''
const output = await textOf(process.stdin)
const lines = output.trimEnd().split('\n')
const columns = Math.max(...lines.map(line => line.length), title.length)
const width = Math.ceil(columns * CHARACTER_WIDTH + 2 * PADDING)
const height = Math.ceil(lines.length * LINE_HEIGHT + 2 * PADDING + TITLE_HEIGHT)

const text = lines
  .map((line, at) => {
    const y = TITLE_HEIGHT + PADDING + at * LINE_HEIGHT + 13
    return `<text x="${PADDING}" y="${y}">${escaped(line)}</text>`
  })
  .join('\n')

process.stdout
  .write(`<svg xmlns="http://www.w3.org/2000/svg" xml:space="preserve" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escaped(title)}">
<style>
  rect { fill: #f6f7f9 } .bar { fill: #e4e7ec } text { fill: #1c2430; font: 14px ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; white-space: pre }
  .title { fill: #5b6675 }
  @media (prefers-color-scheme: dark) { rect { fill: #161b22 } .bar { fill: #232a34 } text { fill: #dbe2ea } .title { fill: #8d99a8 } }
</style>
<rect width="${width}" height="${height}" rx="8"/>
<rect class="bar" width="${width}" height="${TITLE_HEIGHT}" rx="8"/>
<text class="title" x="${PADDING}" y="20">${escaped(title)}</text>
${text}
</svg>
`)

function escaped(raw: string): string {
  return raw
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}
