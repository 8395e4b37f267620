// The page's own script: sorting and filtering of the table of pairs, and hovering. The page is whole without it.
//
// It reads what stands on the page, and writes text and classes only. It is put in as it is, and its hash stands in the
// page's policy (page-elements.ts).

export const PAGE_SCRIPT = `'use strict'
{
  const table = document.getElementById('pairs-table')
  if (table) {
    const body = table.tBodies[0]
    const rows = [...body.rows].map((row, at) => {
      const texts = selector => [...row.querySelectorAll(selector)].map(each => each.textContent.trim())
      return {
        row,
        at,
        bytes: BigInt(row.cells[4].dataset.value),
        ns: texts('.ns bdi'),
        wl: texts('.wl').map(text => text.toLowerCase()),
        app: texts('.app-name'),
        zone: texts('.zone'),
      }
    })
    const key = (row, column, numeric) => {
      const cell = row.cells[column]
      return numeric ? BigInt(cell.dataset.value) : cell.textContent.trim()
    }
    const heads = [...table.tHead.rows[0].cells]
    heads.forEach((head, column) => {
      const numeric = head.dataset.order === 'number'
      const button = document.createElement('button')
      button.type = 'button'
      button.append(...head.childNodes)
      head.append(button)
      button.addEventListener('click', () => {
        const sorted = head.getAttribute('aria-sort')
        const down = sorted === null ? numeric : sorted === 'ascending'
        for (const other of heads) other.removeAttribute('aria-sort')
        head.setAttribute('aria-sort', down ? 'descending' : 'ascending')
        const keyed = rows.map(each => ({ ...each, key: key(each.row, column, numeric) }))
        keyed.sort((a, b) => {
          const order = numeric ? (a.key < b.key ? -1 : a.key > b.key ? 1 : 0) : a.key.localeCompare(b.key, 'en', { numeric: true })
          return (down ? -order : order) || a.at - b.at
        })
        body.append(...keyed.map(each => each.row))
      })
    })

    const form = document.getElementById('pairs-filter')
    const fields = form.elements
    const status = form.querySelector('[role=status]')
    for (const name of ['ns', 'app', 'zone']) {
      const texts = [...new Set(rows.flatMap(row => row[name]))].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
      for (const text of texts) fields[name].append(new Option(text, text))
      fields[name].parentElement.hidden = texts.length === 0
    }
    const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB']
    const sized = bytes => {
      let value = Number(bytes)
      let unit = 0
      while (value >= (unit === 0 ? 1000 : 999.5) && unit < units.length - 1) {
        value /= 1024
        unit++
      }
      return (unit === 0 ? value : value.toFixed(value < 9.995 ? 2 : value < 99.95 ? 1 : 0)) + ' ' + units[unit]
    }
    const filter = () => {
      const part = fields.wl.value.trim().toLowerCase()
      const wanted = ['ns', 'app', 'zone'].filter(name => fields[name].value !== '')
      let shown = 0
      let bytes = 0n
      for (const row of rows) {
        const fits = wanted.every(name => row[name].includes(fields[name].value)) && row.wl.some(text => text.includes(part))
        row.row.hidden = !fits
        if (!fits) continue
        shown++
        bytes += row.bytes
      }
      const all = wanted.length === 0 && part === ''
      status.textContent = all ? '' : shown.toLocaleString('en-US') + ' of the ' + rows.length.toLocaleString('en-US') + ' pairs shown here, ' + sized(bytes)
    }
    form.addEventListener('input', filter)
    form.addEventListener('reset', () => requestAnimationFrame(filter))
    form.addEventListener('submit', event => event.preventDefault())
    form.hidden = false
    filter()
  }

  const tip = document.createElement('div')
  tip.className = 'tip'
  tip.hidden = true
  tip.setAttribute('aria-hidden', 'true')
  document.body.append(tip)
  for (const title of document.querySelectorAll('svg title')) {
    title.parentElement.dataset.tip = title.textContent
    title.remove()
  }
  const drawing = document.querySelector('svg.crossings')
  const light = mark => {
    const node = mark?.closest('[data-node]')?.dataset.node
    const lit = link => link === mark || link.dataset.from === node || link.dataset.to === node
    const links = [...drawing.querySelectorAll('.links path')]
    const some = mark && links.some(lit)
    drawing.classList.toggle('dimmed', Boolean(some))
    for (const link of links) link.classList.toggle('lit', Boolean(some) && lit(link))
  }
  document.addEventListener('pointermove', event => {
    const mark = event.target instanceof Element ? event.target.closest('[data-tip]') : null
    tip.hidden = mark === null
    if (drawing) light(event.target instanceof Element && drawing.contains(event.target) ? event.target.closest('path, [data-node] *') : null)
    if (mark === null) return
    tip.textContent = mark.dataset.tip
    const room = document.documentElement.clientWidth - tip.offsetWidth - 8
    tip.style.left = Math.max(8, Math.min(event.clientX + 14, room)) + 'px'
    tip.style.top = (event.clientY + 18 + tip.offsetHeight > innerHeight ? event.clientY - 12 - tip.offsetHeight : event.clientY + 18) + 'px'
  })
  document.documentElement.addEventListener('pointerleave', () => { tip.hidden = true })
  addEventListener('scroll', () => { tip.hidden = true }, { passive: true })
}
`
