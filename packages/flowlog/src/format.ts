// A format says which field of a line is which column: read once from an object's header line.

import { AWS_FIELDS, BYTES, DIRECTION, FIELDS, LOG_FORMAT, SLOTS, START, type Field } from './fields.ts'

export interface Format {
  /** The header line itself, without its line end. */
  readonly header: string
  readonly fieldCount: number
  /** slots[n] is the slot of a line's n-th field, -1 for a field that isn't read. Length fieldCount. */
  readonly slots: Int8Array
  /** present[slot] is 1 where the format has the column. Length SLOTS. */
  readonly present: Uint8Array
  /** True where srcaddr and dstaddr had to serve: then every pod looks like its interface's first address. */
  readonly interfaceAddresses: boolean
}

/** The object can't be read as a flow log that says what Zonetoll needs; the message says what to do. */
export class FormatError extends Error {
  override readonly name = 'FormatError'
}

const NEEDED_SLOTS = [BYTES, START, DIRECTION]

/** The format a header line names. Throws FormatError where a needed field is missing or the line is no header. */
export function parseFormat(header: string): Format {
  const names = header.split(' ')
  if (!names.some(name => AWS_FIELDS.has(name))) {
    throw new FormatError(
      `has no header line: its first line is ${quote(header)}. Zonetoll reads flow logs that AWS delivers to S3 as text, ` +
        `whose first line names the fields. Create the flow log with --log-format '${LOG_FORMAT}'.`,
    )
  }
  checkFields(names, `its header line is ${quote(header)}`)
  return { header, fieldCount: names.length, ...layoutOf(names) }
}

/** Throws FormatError where a needed field is missing; `shown` says in its message what there is instead. */
export function checkFields(names: readonly string[], shown: string): void {
  if (names.includes('tgw-id')) {
    throw new FormatError(
      `is a transit gateway's flow log (it has the field tgw-id), whose bytes VPC flow logs hold already. ` +
        `Name the VPC's flow logs with --flow-log-id.`,
    )
  }
  const missing = missingFields(names)
  if (missing.length > 0) {
    throw new FormatError(
      `lacks the field${missing.length > 1 ? 's' : ''} ${missing.join(', ')}. ` +
        `Create the flow log with --log-format '${LOG_FORMAT}' (${shown}).`,
    )
  }
}

/** Which of the fields named is which column; of two with one name the first. */
export function layoutOf(names: readonly string[]): Omit<Format, 'header' | 'fieldCount'> {
  const pair = hasPacketPair(names)
  const columnOf = (field: Field): string => {
    if (field === 'source') return pair ? 'pkt-srcaddr' : 'srcaddr'
    if (field === 'destination') return pair ? 'pkt-dstaddr' : 'dstaddr'
    return field
  }
  const slots = new Int8Array(names.length).fill(-1)
  const present = new Uint8Array(SLOTS)
  for (const [slot, field] of FIELDS.entries()) {
    const at = names.indexOf(columnOf(field))
    if (at < 0) continue
    slots[at] = slot
    present[slot] = 1
  }
  return { slots, present, interfaceAddresses: !pair }
}

/** Whether a line names all needed fields: inside an object, that is a header line and not a record. */
export function isHeader(line: string): boolean {
  return missingFields(line.split(' ')).length === 0
}

function hasPacketPair(names: readonly string[]): boolean {
  return names.includes('pkt-srcaddr') && names.includes('pkt-dstaddr')
}

function missingFields(names: readonly string[]): string[] {
  const missing: string[] = NEEDED_SLOTS.map(slot => FIELDS[slot]!).filter(name => !names.includes(name))
  if (!hasPacketPair(names) && !(names.includes('srcaddr') && names.includes('dstaddr'))) {
    missing.push('pkt-srcaddr', 'pkt-dstaddr')
  }
  return missing
}

/** Bytes of a log are a stranger's: shown cut short and with everything but printable ASCII escaped. */
export function quote(text: string): string {
  const short = text.length > 200 ? `${text.slice(0, 200)}…` : text
  return JSON.stringify(short).replace(
    /[^\u0020-\u007e…]/g,
    unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
