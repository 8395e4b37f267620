// An endpoint is who held an address: what a row's source and destination columns say.

declare const zoneBrand: unique symbol

/** An availability zone's ID (`use2-az1`), the same place in every account; not its name (`us-east-2a`). */
export type ZoneId = string & { readonly [zoneBrand]: true }

/** In the order in which they are asked who held an address. */
export const ENDPOINT_KINDS = ['pod', 'node', 'interface', 'subnet'] as const

export type EndpointKind = (typeof ENDPOINT_KINDS)[number]

/** The seven columns of one side of a row; null where a column doesn't apply to the kind. */
export interface Endpoint {
  readonly kind: EndpointKind
  readonly namespace: string | null
  readonly name: string
  readonly workload: string | null
  readonly app: string | null
  readonly node: string | null
  readonly zone: ZoneId
}

/** The order of rows: column by column, by the UTF-8 bytes of the text, null last. */
export function compareEndpoints(a: Endpoint, b: Endpoint): number {
  return (
    compareText(a.kind, b.kind) ||
    compareText(a.namespace, b.namespace) ||
    compareText(a.name, b.name) ||
    compareText(a.workload, b.workload) ||
    compareText(a.app, b.app) ||
    compareText(a.node, b.node) ||
    compareText(a.zone, b.zone)
  )
}

/** Orders texts by their UTF-8 bytes, which is the order of their code points; null comes last. */
export function compareText(a: string | null, b: string | null): number {
  if (a === b) return 0
  if (a === null) return 1
  if (b === null) return -1
  const shorter = Math.min(a.length, b.length)
  for (let at = 0; at < shorter; at++) {
    const left = a.charCodeAt(at)
    const right = b.charCodeAt(at)
    if (left !== right) return codeUnitRank(left) - codeUnitRank(right)
  }
  return a.length - b.length
}

// Surrogates stand for code points above every other unit's, yet their units lie below U+E000.
function codeUnitRank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit
}
