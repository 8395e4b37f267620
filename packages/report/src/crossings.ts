// The drawing of what workloads send across zones: four columns of nodes, from the sender to the receiver.
//
//   sending workload  ->  its zone  ->  the zone it goes to  ->  receiving workload
//
// The greatest senders and receivers have a node each, the others share one; d3-sankey lays them out.

import { compareText, type ZoneId } from '@zonetoll/model'
import { sankey } from 'd3-sankey'
import { partyLabel, zoneLabel } from './markup-of-names.ts'
import { compareBytes, compareNames, nameKey, type PartyName } from './party.ts'
import type { PairTotals } from './report-data.ts'

/** Workloads a side that have a node of their own, and zones. */
const MOST_NAMED = 12
const MOST_ZONES = 8
const LABEL_LENGTH = 28

export const WIDTH = 1000
const SIDE = 250
const NODE_WIDTH = 10
const NODE_GAP = 18
const NODE_ROOM = 34

export interface CrossingNode {
  readonly label: string
  readonly column: 0 | 1 | 2 | 3
  readonly bytes: bigint
  /** Which colour: the zone's place among zones; null for workloads. */
  readonly hue: number | null
  readonly x0: number
  readonly x1: number
  readonly y0: number
  readonly y1: number
}

export interface CrossingLink {
  /** Places in the list of nodes. */
  readonly from: number
  readonly to: number
  readonly bytes: bigint
  readonly hue: number
  readonly y0: number
  readonly y1: number
  readonly width: number
}

export interface Crossings {
  readonly height: number
  readonly nodes: readonly CrossingNode[]
  readonly links: readonly CrossingLink[]
}

interface Node {
  readonly label: string
  readonly column: 0 | 1 | 2 | 3
  readonly hue: number | null
  /** Its place in the column, from the top. */
  readonly order: number
  bytes: bigint
}

/** What a node is made of: the key tells it from others of its column. */
type NodeName = Pick<Node, 'label' | 'hue' | 'order'> & { readonly key: string }

interface Link {
  readonly from: number
  readonly to: number
  readonly hue: number
  bytes: bigint
}

/** Null where nothing crossed. The same pairs give the same drawing. */
export function layOutCrossings(pairs: readonly PairTotals[]): Crossings | null {
  const graph = new Graph(pairs)
  if (graph.links.length === 0) return null
  const columns = [0, 1, 2, 3].map(column => graph.nodes.filter(node => node.column === column).length)
  const height = Math.max(240, Math.max(...columns) * NODE_ROOM)
  const layout = sankey<Node & { readonly at: number }, Link>()
    .nodeId(node => node.at)
    .nodeAlign(node => node.column)
    .nodeWidth(NODE_WIDTH)
    .nodePadding(NODE_GAP)
    // As they come: the greatest first, what is folded last, zones by name.
    .nodeSort((a, b) => a.order - b.order)
    .extent([
      [SIDE, NODE_GAP],
      [WIDTH - SIDE, height - 4],
    ])
  const { nodes, links } = layout({
    nodes: graph.nodes.map(({ label, column, hue, order, bytes }, at) => ({
      label,
      column,
      hue,
      order,
      bytes,
      at,
    })),
    links: graph.links.map(({ from, to, hue, bytes }) => ({
      from,
      to,
      hue,
      bytes,
      source: from,
      target: to,
      value: Number(bytes),
    })),
  })
  return {
    height,
    nodes: nodes.map(({ label, column, bytes, hue, x0, x1, y0, y1 }) => ({
      label,
      column,
      bytes,
      hue,
      x0: x0!,
      x1: x1!,
      y0: y0!,
      y1: y1!,
    })),
    links: links.map(({ from, to, bytes, hue, y0, y1, width }) => ({
      from,
      to,
      bytes,
      hue,
      y0: y0!,
      y1: y1!,
      width: width!,
    })),
  }
}

/** Nodes in the order of their bytes, links between neighbouring columns; both added up. */
class Graph {
  readonly nodes: Node[] = []
  readonly links: Link[] = []
  readonly #places = new Map<string, number>()
  readonly #linkPlaces = new Map<number, number>()

  constructor(pairs: readonly PairTotals[]) {
    const sources = greatest(pairs, ({ source }) => source)
    const destinations = greatest(pairs, ({ destination }) => destination)
    const zones = greatestZones(pairs)
    for (const { source, destination, bytes } of pairs) {
      if (bytes === 0n) continue
      const from = zones.of(source.zone)
      const to = zones.of(destination.zone)
      const path = [
        this.#node(0, sources.of(source), bytes),
        this.#node(1, from, bytes),
        this.#node(2, to, bytes),
        this.#node(3, destinations.of(destination), bytes),
      ] as const
      this.#link(path[0], path[1], from.hue!, bytes)
      this.#link(path[1], path[2], from.hue!, bytes)
      this.#link(path[2], path[3], to.hue!, bytes)
    }
  }

  #node(column: Node['column'], { key, label, hue, order }: NodeName, bytes: bigint): number {
    const id = JSON.stringify([column, key])
    const place = this.#places.get(id)
    if (place !== undefined) {
      this.nodes[place]!.bytes += bytes
      return place
    }
    this.#places.set(id, this.nodes.length)
    return this.nodes.push({ label, column, hue, order, bytes }) - 1
  }

  #link(from: number, to: number, hue: number, bytes: bigint): void {
    // Nodes are few: two places make one small number.
    const id = from * 1024 + to
    const place = this.#linkPlaces.get(id)
    if (place !== undefined) {
      this.links[place]!.bytes += bytes
      return
    }
    this.#linkPlaces.set(id, this.links.length)
    this.links.push({ from, to, hue, bytes })
  }
}

function greatest(
  pairs: readonly PairTotals[],
  end: (pair: PairTotals) => PartyName,
): { of(party: PartyName): NodeName } {
  const sums = new Map<string, { readonly party: PartyName; bytes: bigint }>()
  for (const pair of pairs) {
    const party = end(pair)
    const key = nameKey(party)
    const sum = sums.get(key)
    if (sum === undefined) sums.set(key, { party, bytes: pair.bytes })
    else sum.bytes += pair.bytes
  }
  const ordered = [...sums].sort(([, a], [, b]) => compareBytes(a, b) || compareNames(a.party, b.party))
  // One that is left over is named as well as folded.
  const most = ordered.length === MOST_NAMED + 1 ? ordered.length : MOST_NAMED
  const named = new Map(ordered.slice(0, most).map(([key], order) => [key, order]))
  const label = `${(ordered.length - named.size).toLocaleString('en-US')} others`
  return {
    of: party => {
      const key = nameKey(party)
      const order = named.get(key)
      return order === undefined
        ? { key: '', label, hue: null, order: named.size }
        : { key, label: partyLabel(party, LABEL_LENGTH), hue: null, order }
    },
  }
}

function greatestZones(pairs: readonly PairTotals[]): { of(zone: ZoneId): NodeName } {
  const sums = new Map<ZoneId, bigint>()
  for (const { source, destination, bytes } of pairs) {
    for (const { zone } of [source, destination]) sums.set(zone, (sums.get(zone) ?? 0n) + bytes)
  }
  const named = [...sums]
    .sort(([a, x], [b, y]) => (x === y ? compareText(a, b) : x < y ? 1 : -1))
    .slice(0, MOST_ZONES)
    .map(([zone]) => zone)
    .sort(compareText)
  return {
    of: zone => {
      const hue = named.indexOf(zone)
      return hue < 0
        ? { key: '', label: `${sums.size - named.length} other zones`, hue: MOST_ZONES, order: MOST_ZONES }
        : { key: zone, label: zoneLabel(zone), hue, order: hue }
    },
  }
}
