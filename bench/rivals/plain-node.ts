// The plain Node way: gunzip, split2 by lines, split by spaces, Map. The same counting, contract, section 4, as far as
// the rows need it. It is given what costs nothing: gunzip's large chunks, and split2's mapper in place of a stream
// that hands over each line.

import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import split2 from 'split2'
import { writeRows, type AnswerRow } from '../src/answer.ts'
import { drive } from '../src/drive.ts'
import {
  integerOf,
  readPlainAssignments,
  type Holding,
  type PlainAssignments,
  type Thing,
} from './plain-assignments.ts'

const LATE = 60_000
const CHUNK_BYTES = 256 * 1024

interface PairSums {
  readonly source: Thing
  readonly destination: Thing
  bytes: number
  packets: number
  records: number
}

class PlainHour {
  readonly #pairs = new Map<string, PairSums>()
  readonly #hour: number
  readonly #assignments: PlainAssignments

  constructor(hour: number, assignments: PlainAssignments) {
    this.#hour = hour
    this.#assignments = assignments
  }

  async read(path: string): Promise<void> {
    let columns: Map<string, number> | null = null
    const lines = split2((line: string) => {
      const fields = line.split(' ')
      if (columns === null) columns = new Map(fields.map((name, at) => [name, at]))
      else this.#count(fields, columns)
    })
    const nothing = new Writable({ write: (_chunk, _encoding, done) => done() })
    const stored = createReadStream(path, { highWaterMark: CHUNK_BYTES })
    await pipeline(stored, createGunzip({ chunkSize: CHUNK_BYTES }), lines, nothing)
  }

  #count(fields: readonly string[], columns: ReadonlyMap<string, number>): void {
    if (fields.length !== columns.size) return
    const field = (name: string) => {
      const at = columns.get(name)
      return at === undefined ? undefined : fields[at]!
    }
    const status = field('log-status')
    if (status === 'NODATA' || status === 'SKIPDATA') return
    const bytes = Number(field('bytes'))
    const start = Number(field('start'))
    if (!(start >= this.#hour && start < this.#hour + 3600)) return
    if (field('flow-direction') === 'ingress' || field('action') === 'REJECT') return

    const end = field('end')
    const from = start * 1000
    const until = end === undefined ? from + 1 : Math.max(Number(end), start) * 1000 + 1000
    const sourceAddress = field('pkt-srcaddr')!
    const source = this.#holder(sourceAddress, from, until)
    if (source === null || this.#isRelayed(field, source, sourceAddress, from, until)) return
    const destination = this.#holder(field('pkt-dstaddr')!, from, until)
    if (destination === null || destination.zone === source.zone) return
    this.#add(source, destination, bytes, Number(field('packets') ?? 0))
  }

  #add(source: Thing, destination: Thing, bytes: number, packets: number): void {
    const key = `${source.kind} ${source.uid} ${destination.kind} ${destination.uid}`
    const sums = this.#pairs.get(key)
    if (sums === undefined) {
      this.#pairs.set(key, { source, destination, bytes, packets, records: 1 })
    } else {
      sums.bytes += bytes
      sums.packets += packets
      sums.records++
    }
  }

  #holder(address: string, from: number, until: number): Thing | null {
    const { holdings, subnets } = this.#assignments
    for (const list of holdings.get(address) ?? []) {
      const holding = longestHolder(list, from, until)
      if (holding !== null) return holding.thing
    }
    if (address.includes(':')) return null
    const value = integerOf(address)
    return subnets.find(({ first, size }) => value >= first && value < first + size)?.thing ?? null
  }

  #isRelayed(
    field: (name: string) => string | undefined,
    source: Thing,
    address: string,
    from: number,
    until: number,
  ): boolean {
    const instance = field('instance-id') ?? '-'
    if (instance !== '-' && source.instance !== null) return instance !== source.instance
    const logging = this.#assignments.interfaces.get(field('interface-id') ?? '-')
    if (logging !== undefined) {
      if (source.instance !== null && logging.instance === source.instance) return false
      const held = this.#assignments.holdings.get(address)?.[2] ?? []
      return !held.some(
        holding => holding.thing === logging && holding.from < until && holding.until >= from - LATE,
      )
    }
    const type = field('interface-type')
    if (type !== undefined) return type !== '-'
    const zone = field('az-id') ?? '-'
    return zone !== '-' && zone !== source.zone
  }

  /** Pairs of endpoints that look alike are one row. */
  rows(): AnswerRow[] {
    const rows = new Map<string, PairSums>()
    for (const { source, destination, bytes, packets, records } of this.#pairs.values()) {
      const key = JSON.stringify([columnsOf(source), columnsOf(destination)])
      const row = rows.get(key)
      if (row === undefined) {
        rows.set(key, { source, destination, bytes, packets, records })
      } else {
        row.bytes += bytes
        row.packets += packets
        row.records += records
      }
    }
    return [...rows.values()].sort(
      (a, b) => compareThings(a.source, b.source) || compareThings(a.destination, b.destination),
    )
  }
}

// Of those who held it, who did longest (a tie: who began later); else who let it go last, at most a minute before.
function longestHolder(list: readonly Holding[], from: number, until: number): Holding | null {
  let longest = 0
  let holder: Holding | null = null
  let late: Holding | null = null
  for (const holding of list) {
    const held = Math.min(holding.until, until) - Math.max(holding.from, from)
    if (held > 0 && held >= longest) {
      longest = held
      holder = holding
    } else if (holding.until <= from && holding.until >= from - LATE && holding.until > holding.from) {
      late = holding
    }
  }
  return holder ?? late
}

function columnsOf({ kind, namespace, name, workload, app, node, zone }: Thing): (string | null)[] {
  return [kind, namespace, name, workload, app, node, zone]
}

// Names of the sample are ASCII, so UTF-16 order is that of UTF-8.
function compareThings(a: Thing, b: Thing): number {
  if (a === b) return 0
  const [left, right] = [columnsOf(a), columnsOf(b)]
  for (const [at, text] of left.entries()) {
    const other = right[at]!
    if (text === other) continue
    if (text === null) return 1
    if (other === null) return -1
    return text < other ? -1 : 1
  }
  return 0
}

await drive(async ({ assignments, cluster, hour, objects, folder }, timed) => {
  const plain = new PlainHour(hour, readPlainAssignments(assignments, cluster, hour))
  const rows = await timed(async () => {
    for (const path of objects) await plain.read(path)
    return plain.rows()
  })
  return writeRows(join(folder, 'rows'), rows)
})
