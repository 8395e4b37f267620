// How names stand on the page: whole where they are short, cut where they are long, and never more than text.

import type { ZoneId } from '@zonetoll/model'
import { html, type Markup } from './html.ts'
import { partyName, type PartyName } from './party.ts'
import type { PodCounts } from './report-data.ts'
import { cut, visible } from './visible-text.ts'

/** Characters shown of a name. Kubernetes allows 253; most are far shorter. */
const SHOWN = 64
/** Characters that the full text, shown on hovering, may have. */
const FULL = 320
const ZONE_SHOWN = 24
/** Zones that a count of pods names. */
const ZONES_NAMED = 6

/** A name on its own, isolated from the direction of the text around it. */
export function nameMark(name: string, most = SHOWN): Markup {
  // Escapes lengthen a text: what is cut is what would be shown.
  const shown = cut(visible(cut(name, FULL)), most)
  if (shown === name || shown === visible(name)) return html`<bdi>${shown}</bdi>`
  return html`<bdi title="${cut(name, FULL)}">${shown}</bdi>`
}

/** `shop/Deployment/cart`, the namespace set back; `interface orders-db`. */
export function partyMark(party: PartyName): Markup {
  const { kind, namespace, workload, name } = party
  if (kind === 'node') return html`<span class="wl">nodes</span>`
  const own = nameMark(workload ?? name ?? '')
  if (kind === 'pod') {
    return html`<span class="ns">${nameMark(namespace ?? '')}<span class="set-back">/</span></span
      ><span class="wl">${own}</span>`
  }
  return html`<span class="set-back">${kind}</span> <span class="wl">${own}</span>`
}

/** The name as text for drawings, cut. */
export function partyLabel(party: PartyName, most: number): string {
  const { namespace, workload, kind } = party
  // A controller's kind says little where room is short.
  const name =
    kind === 'pod' && workload !== null
      ? `${namespace ?? ''}/${workload.slice(workload.indexOf('/') + 1)}`
      : partyName(party)
  return cut(visible(cut(name, FULL)), most)
}

/** `3 in use2-az1, 1 in use2-az2`; `none counted`. */
export function podsMark(pods: PodCounts): Markup {
  const zones = [...pods].filter(([, count]) => count > 0).sort(([a], [b]) => (a < b ? -1 : 1))
  if (zones.length === 0) return html`<span class="set-back">none counted</span>`
  const named = zones.slice(0, ZONES_NAMED).map(([zone, count], at) => {
    const comma = at === 0 ? '' : ', '
    return html`${comma}<span class="whole">${count.toLocaleString('en-US')} in ${zoneMark(zone)}</span>`
  })
  return zones.length > ZONES_NAMED
    ? html`${named} and ${zones.length - ZONES_NAMED} more zones`
    : html`${named}`
}

/** The zone as text for drawings. */
export function zoneLabel(zone: ZoneId): string {
  return cut(visible(cut(zone, FULL)), ZONE_SHOWN)
}

export function zoneMark(zone: ZoneId): Markup {
  return nameMark(zone, ZONE_SHOWN)
}
