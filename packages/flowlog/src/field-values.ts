// Field values read from bytes: integers and addresses, without a string.

const DASH = 45
const ZERO = 48
const DOT = 46
const COLON = 58

/** What readInteger says of text that is no integer in 0 .. 2^63 - 1. */
export const UNREADABLE = -1
/** What readInteger says of an integer from 2^53 up: too wide for a number; readWide has it. */
export const WIDE = -2

const MAX_INTEGER = 2n ** 63n - 1n

/** The decimal digits in text[from, to) as a number, or UNREADABLE, or WIDE. */
export function readInteger(text: Uint8Array, from: number, to: number): number {
  if (to - from > 15) return readLong(text, from, to)
  if (from === to) return UNREADABLE
  let value = 0
  for (let at = from; at < to; at++) {
    const digit = text[at]! - ZERO
    if (digit < 0 || digit > 9) return UNREADABLE
    value = value * 10 + digit
  }
  return value
}

function readLong(text: Uint8Array, from: number, to: number): number {
  const value = readWide(text, from, to)
  if (value === null) return UNREADABLE
  return value <= Number.MAX_SAFE_INTEGER ? Number(value) : WIDE
}

/** The same, exact: null where text[from, to) is no integer in 0 .. 2^63 - 1. */
export function readWide(text: Uint8Array, from: number, to: number): bigint | null {
  if (from === to) return null
  let value = 0n
  for (let at = from; at < to; at++) {
    const digit = text[at]! - ZERO
    if (digit < 0 || digit > 9) return null
    value = value * 10n + BigInt(digit)
    if (value > MAX_INTEGER) return null
  }
  return value
}

/** The dotted IPv4 address in text[from, to) as a number, or UNREADABLE. */
export function readIPv4(text: Uint8Array, from: number, to: number): number {
  let value = 0
  let octet = 0
  let digits = 0
  let dots = 0
  for (let at = from; at < to; at++) {
    const byte = text[at]!
    if (byte === DOT) {
      if (digits === 0 || ++dots > 3) return UNREADABLE
      value = value * 256 + octet
      octet = 0
      digits = 0
    } else {
      const digit = byte - ZERO
      if (digit < 0 || digit > 9 || (digits > 0 && octet === 0)) return UNREADABLE
      octet = octet * 10 + digit
      digits++
      if (octet > 255) return UNREADABLE
    }
  }
  return dots === 3 && digits > 0 ? value * 256 + octet : UNREADABLE
}

const groups = new Uint16Array(8)

/** Writes the IPv6 address in text[from, to) to words[at .. at + 4); false, and words untouched, where there is none. */
export function readIPv6(
  text: Uint8Array,
  from: number,
  to: number,
  words: Uint32Array,
  at: number,
): boolean {
  let count = 0
  let gap = -1
  let cursor = from
  if (text[cursor] === COLON) {
    if (to - from < 2 || text[cursor + 1] !== COLON) return false
    gap = 0
    cursor += 2
  }
  while (cursor < to) {
    if (count === 8) return false
    const begin = cursor
    let group = 0
    while (cursor < to) {
      const digit = hexDigit(text[cursor]!)
      if (digit < 0) break
      group = group * 16 + digit
      cursor++
      if (cursor - begin > 4) return false
    }
    if (cursor < to && text[cursor] === DOT) {
      const tail = readIPv4(text, begin, to)
      if (tail === UNREADABLE || count > 6) return false
      groups[count++] = tail >>> 16
      groups[count++] = tail & 0xffff
      break
    }
    if (cursor === begin) return false
    groups[count++] = group
    if (cursor === to) break
    if (text[cursor] !== COLON) return false
    cursor++
    if (cursor === to) return false
    if (text[cursor] === COLON) {
      if (gap >= 0) return false
      gap = count
      cursor++
    }
  }
  if (gap < 0 ? count !== 8 : count > 7) return false
  if (gap >= 0) {
    groups.copyWithin(8 - (count - gap), gap, count)
    groups.fill(0, gap, 8 - (count - gap))
  }
  for (let word = 0; word < 4; word++) words[at + word] = groups[word * 2]! * 65536 + groups[word * 2 + 1]!
  return true
}

function hexDigit(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48
  const lower = byte | 32
  return lower >= 97 && lower <= 102 ? lower - 87 : -1
}

/** Whether text[from, to) is an IPv6 spelling rather than an IPv4 one: only the former has a colon. */
export function hasColon(text: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (text[at] === COLON) return true
  return false
}

/** Whether text[from, to) is `-`: not applicable, or not computed. */
export function isDash(text: Uint8Array, from: number, to: number): boolean {
  return to - from === 1 && text[from] === DASH
}

/** Whether text[from, to) is exactly these bytes. */
export function isText(text: Uint8Array, from: number, to: number, expected: Uint8Array): boolean {
  if (to - from !== expected.length) return false
  for (let at = 0; at < expected.length; at++) if (text[from + at] !== expected[at]) return false
  return true
}
