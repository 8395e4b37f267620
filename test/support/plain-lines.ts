/**
 * The plain twin of reading a flow log: split and Map, one string per line, written from the contract's text.
 *
 * Where the contract is silent it takes what the reader's comments promise: a line may end in CR LF; an
 * integer is one that an INT64 holds; a line that names all needed fields is a header, and its columns count from there on.
 */
import { plainAddress } from './plain-address.ts'

/** A line that is a record. `field` is null where the format lacks the column. */
export interface PlainRecord {
  readonly kind: 'record'
  readonly field: (name: string) => string | null
  /** 0 where they can't be read. */
  readonly bytes: bigint
  readonly packets: bigint
  /** Milliseconds of [start, end + 1 s); null where start can't be read. Without the column `end`, the moment start alone. */
  readonly window: { readonly start: number; readonly until: number } | null
  /** Null where it can't be read. */
  readonly source: string | null
  readonly destination: string | null
}

export type PlainLine = PlainRecord | { readonly kind: 'malformed' | 'skipData' | 'noData' }

export const PLAIN_NEEDED = ['bytes', 'start', 'flow-direction'] as const

const GREATEST = 2n ** 63n - 1n

/** What is missing of what is needed; a lacking address pair is missed as the pkt pair. */
export function plainMissing(header: string): string[] {
  const names = header.split(' ')
  const missing: string[] = PLAIN_NEEDED.filter(name => !names.includes(name))
  const packet = names.includes('pkt-srcaddr') && names.includes('pkt-dstaddr')
  const interfaces = names.includes('srcaddr') && names.includes('dstaddr')
  return packet || interfaces ? missing : [...missing, 'pkt-srcaddr', 'pkt-dstaddr']
}

/** A text of decimal digits that an INT64 holds, else null. */
export function plainInteger(text: string | null): bigint | null {
  if (text === null || !/^[0-9]+$/.test(text)) return null
  return BigInt(text) <= GREATEST ? BigInt(text) : null
}

/** The lines of one object's text, header lines left out. Throws where the first line is no header that will do. */
export function plainLines(text: string): PlainLine[] {
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  const header = withoutReturn(lines[0] ?? '')
  if (plainMissing(header).length > 0) throw new Error(`no header that will do: ${header}`)
  let names = header.split(' ')
  const read: PlainLine[] = []
  for (const raw of lines.slice(1)) {
    const line = withoutReturn(raw)
    if (raw.length > 65_536) read.push({ kind: 'malformed' })
    else if (plainMissing(line).length === 0) names = line.split(' ')
    else read.push(plainLine(names, line.split(' ')))
  }
  return read
}

function withoutReturn(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line
}

function plainLine(names: readonly string[], fields: readonly string[]): PlainLine {
  if (fields.length !== names.length) return { kind: 'malformed' }
  const field = (name: string): string | null => {
    const at = names.indexOf(name)
    return at < 0 ? null : fields[at]!
  }
  const packet = names.includes('pkt-srcaddr') && names.includes('pkt-dstaddr')
  const status = field('log-status')
  const bytes = plainInteger(field('bytes'))
  const start = plainInteger(field('start'))
  const end = plainInteger(field('end'))
  const source = plainAddress(field(packet ? 'pkt-srcaddr' : 'srcaddr')!)
  const destination = plainAddress(field(packet ? 'pkt-dstaddr' : 'dstaddr')!)
  const directed = field('flow-direction') === 'ingress' || field('flow-direction') === 'egress'
  const readable = bytes !== null && start !== null && directed && source !== null && destination !== null
  if ((status === null || status === 'OK') && field('bytes') !== '-' && !readable)
    return { kind: 'malformed' }
  if (status === 'SKIPDATA') return { kind: 'skipData' }
  if (status === 'NODATA' || (status === null && field('bytes') === '-')) return { kind: 'noData' }
  return {
    kind: 'record',
    field,
    bytes: bytes ?? 0n,
    packets: plainInteger(field('packets')) ?? 0n,
    window: start === null ? null : windowOf(Number(start), end, names.includes('end')),
    source,
    destination,
  }
}

function windowOf(start: number, end: bigint | null, hasEnd: boolean): { start: number; until: number } {
  if (!hasEnd) return { start: start * 1000, until: start * 1000 + 1 }
  const last = end === null || Number(end) < start ? start : Number(end)
  return { start: start * 1000, until: last * 1000 + 1000 }
}
