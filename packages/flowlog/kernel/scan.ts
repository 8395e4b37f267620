// The scan kernel: the byte scanner as WebAssembly SIMD, in AssemblyScript. Same lines in, same batches out.
//
// Two passes over a piece of text that the host has put at TEXT:
//
//   index   64 bytes at a time: compare with ' ' and LF, take bit masks, walk the set bits into
//           POSITIONS (offset of every delimiter) and LINES (which of them are line feeds)
//   scan    line by line: a line with the right number of delimiters has field f between
//           POSITIONS[first + f - 1] + 1 and POSITIONS[first + f]; read the few that matter into the batch
//
// Memory is the host's, as large as it takes at the start and never grown:
//
//   FORMAT      13 x i32   field number of each slot, -1 where the format lacks it
//   OCTETS      256 x 32   how to read an IPv4 address whose octets have such lengths, see prepare()
//   TEXT        bytes      with 64 bytes of room behind, which are read but never count
//   POSITIONS   u32        one sentinel before the first
//   LINES       u32        index into POSITIONS of each line feed
//   BATCH       columns    as record-batch.ts describes them, CAPACITY rows
//   TOKENS      three tables of slots (i32), entries (2 x u32) and bytes, placed by the host
//
// One file, though long: AssemblyScript inlines within a module, and the layout is shared by every line of it.
//
// Source of the method: G. Langdale, D. Lemire, "Parsing Gigabytes of JSON per Second", section 3 (bit masks to
// positions); digits eight at a time by multiplication, D. Lemire, "Quickly parsing eight digits".

// The layout, in bytes. What the host needs of it is exported.
const LINE_LIMIT: usize = 64 * 1024
const PIECE_LIMIT: usize = 128 * 1024
const TEXT_LIMIT: usize = LINE_LIMIT + PIECE_LIMIT + 1
export const CAPACITY: usize = 4096
const BATCH_ROW: usize = 4 * 8 + 2 * 16 + 3 * 4 + 2

export const FORMAT: usize = 0
const GROUPS: usize = 64
const TABLES: usize = 80
const OCTETS: usize = 128
export const TEXT: usize = OCTETS + 256 * 32
const POSITIONS: usize = (TEXT + TEXT_LIMIT + 64 + 63) & ~63
const LINES: usize = POSITIONS + (((TEXT_LIMIT + 8) * 4 + 63) & ~63)
export const BATCH: usize = LINES + (((TEXT_LIMIT + 1) * 4 + 63) & ~63)
export const TOKENS: usize = (BATCH + CAPACITY * BATCH_ROW + 63) & ~63

const STARTS: usize = BATCH
const UNTILS: usize = STARTS + CAPACITY * 8
const BYTES: usize = UNTILS + CAPACITY * 8
const PACKETS: usize = BYTES + CAPACITY * 8
const SOURCES: usize = PACKETS + CAPACITY * 8
const DESTINATIONS: usize = SOURCES + CAPACITY * 16
const INSTANCES: usize = DESTINATIONS + CAPACITY * 16
const INTERFACES: usize = INSTANCES + CAPACITY * 4
const ZONES: usize = INTERFACES + CAPACITY * 4
const FLAGS: usize = ZONES + CAPACITY * 4

// Slots, as in fields.ts.
const SLOT_SOURCE: usize = 0
const SLOT_DESTINATION: usize = 1
const SLOT_BYTES: usize = 2
const SLOT_START: usize = 3
const SLOT_DIRECTION: usize = 4
const SLOT_END: usize = 5
const SLOT_PACKETS: usize = 6
const SLOT_STATUS: usize = 7
const SLOT_ACTION: usize = 8
const SLOT_INSTANCE: usize = 9
const SLOT_INTERFACE: usize = 10
const SLOT_ZONE: usize = 11
const SLOT_INTERFACE_TYPE: usize = 12

// Flags, as in record-batch.ts.
const SOURCE_IPV6: i32 = 1
const DESTINATION_IPV6: i32 = 2
const SOURCE_UNREADABLE: i32 = 4
const DESTINATION_UNREADABLE: i32 = 8
const INGRESS: i32 = 16
const REJECTED: i32 = 32
const TYPED_INTERFACE: i32 = 64
const MIDDLE_INTERFACE: i32 = 128

const DASH: u8 = 45
const CARRIAGE_RETURN: u8 = 13

// Texts as the little-endian words they load as.
const OK_WORD: u16 = 0x4b4f
const SKIPDATA_WORD: u64 = 0x41544144_50494b53
const NODATA_WORD: u64 = 0x415441444f4e
const INGRESS_WORD: u64 = 0x73736572676e69
const EGRESS_WORD: u64 = 0x737365726765
const REJECT_WORD: u64 = 0x5443454a4552

const UNREADABLE: u64 = u64.MAX_VALUE
const MAX_INTEGER: u64 = 0x7fffffffffffffff
const UNREADABLE_IPV4: i64 = -1

const NO_TOKEN: i32 = -1
const OTHER_TOKEN: i32 = -2

/** A growing table's answer to a token that the kernel doesn't know: the host has the rest. */
declare function meet(table: i32, from: i32, to: i32): i32

export let count: i32 = 0
export let skipData: i32 = 0
export let noData: i32 = 0

let fieldCount: i32 = 0
let rows: i32 = CAPACITY
let lineCount: i32 = 0
let line: i32 = 0
let endOfText: i32 = 0
let isNoHeader: bool = false

/** How many rows of the batch may be filled, CAPACITY at the most. */
export function setRows(most: i32): void {
  rows = most
}

export function setFieldCount(fields: i32): void {
  fieldCount = fields
}

/** Notes every delimiter of text[0, to), whose last byte is a line feed. */
export function index(to: i32): void {
  const spaces = i8x16.splat(32)
  const feeds = i8x16.splat(10)
  let out = POSITIONS
  store<u32>(out, u32.MAX_VALUE)
  out += 4
  let lineOut = LINES
  for (let at = 0; at < to; at += 64) {
    const from = TEXT + <usize>at
    const a = v128.load(from)
    const b = v128.load(from, 16)
    const c = v128.load(from, 32)
    const d = v128.load(from, 48)
    let feed = mask(i8x16.eq(a, feeds), i8x16.eq(b, feeds), i8x16.eq(c, feeds), i8x16.eq(d, feeds))
    let delimiter =
      feed | mask(i8x16.eq(a, spaces), i8x16.eq(b, spaces), i8x16.eq(c, spaces), i8x16.eq(d, spaces))
    const left = to - at
    if (left < 64) {
      const live = ((<u64>1) << (<u64>left)) - 1
      feed &= live
      delimiter &= live
    }
    const before = <u32>((out - POSITIONS) >> 2)
    while (feed != 0) {
      store<u32>(lineOut, before + <u32>popcnt<u64>(delimiter & ((feed & -feed) - 1)))
      lineOut += 4
      feed &= feed - 1
    }
    // Eight at a time: what is written past the last set bit is overwritten by the next block.
    const found = <usize>popcnt<u64>(delimiter)
    let written = out
    out += found << 2
    do {
      delimiter = writePositions(written, <u32>at, delimiter)
      written += 32
    } while (written < out)
  }
  lineCount = <i32>((lineOut - LINES) >> 2)
  line = 0
  endOfText = to
}

// @ts-ignore: decorator
@inline
function writePositions(to: usize, at: u32, bits: u64): u64 {
  let left = bits
  store<u32>(to, at + <u32>ctz<u64>(left))
  left &= left - 1
  store<u32>(to, at + <u32>ctz<u64>(left), 4)
  left &= left - 1
  store<u32>(to, at + <u32>ctz<u64>(left), 8)
  left &= left - 1
  store<u32>(to, at + <u32>ctz<u64>(left), 12)
  left &= left - 1
  store<u32>(to, at + <u32>ctz<u64>(left), 16)
  left &= left - 1
  store<u32>(to, at + <u32>ctz<u64>(left), 20)
  left &= left - 1
  store<u32>(to, at + <u32>ctz<u64>(left), 24)
  left &= left - 1
  store<u32>(to, at + <u32>ctz<u64>(left), 28)
  left &= left - 1
  return left
}

// @ts-ignore: decorator
@inline
function mask(a: v128, b: v128, c: v128, d: v128): u64 {
  return (
    <u64>(<u32>i8x16.bitmask(a) | (<u32>i8x16.bitmask(b) << 16)) |
    (<u64>(<u32>i8x16.bitmask(c) | (<u32>i8x16.bitmask(d) << 16)) << 32)
  )
}

/**
 * Reads lines from the one at `from` on. Returns where it stopped: the text's end, or the start of a line, either
 * because the batch is full or because the line is no record. With `noHeader` the first line is known to be no header.
 */
export function scan(from: i32, noHeader: i32): i32 {
  isNoHeader = noHeader != 0
  let first = firstDelimiter()
  while (line < lineCount && lineStart(first) < from) {
    line++
    first = firstDelimiter()
  }
  while (line < lineCount) {
    if (count == rows) return lineStart(first)
    const last = load<u32>(LINES + ((<usize>line) << 2))
    if (!readLine(first, last)) return lineStart(first)
    isNoHeader = false
    first = last + 1
    line++
  }
  return endOfText
}

// The index of the first delimiter of the line at hand; the one before it ends the line before.
// @ts-ignore: decorator
@inline
function firstDelimiter(): u32 {
  return line == 0 ? 1 : load<u32>(LINES + ((<usize>line - 1) << 2)) + 1
}

// @ts-ignore: decorator
@inline
function lineStart(first: u32): i32 {
  return <i32>load<u32>(POSITIONS + ((<usize>first - 1) << 2)) + 1
}

// @ts-ignore: decorator
@inline
function beginOf(first: usize, field: i32): usize {
  return TEXT + <usize>(load<u32>(first + ((<usize>field) << 2) - 4) + 1)
}

// @ts-ignore: decorator
@inline
function endOf(first: usize, field: i32): usize {
  return TEXT + <usize>load<u32>(first + ((<usize>field) << 2))
}

// @ts-ignore: decorator
@inline
function fieldOf(slot: usize): i32 {
  return load<i32>(FORMAT + (slot << 2))
}

// Puts the line into the batch, or counts it. False where it is malformed or a header.
function readLine(firstIndex: u32, lastIndex: u32): bool {
  if (<i32>(lastIndex - firstIndex) + 1 != fieldCount) return false
  const first = POSITIONS + ((<usize>firstIndex) << 2)
  const last = POSITIONS + ((<usize>lastIndex) << 2)
  const feed = load<u32>(last)
  const start = lineStart(firstIndex)
  if (<i32>feed - start > <i32>LINE_LIMIT) return false
  if (<i32>feed > start && load<u8>(TEXT + <usize>feed - 1) == CARRIAGE_RETURN) {
    store<u32>(last, feed - 1)
    const read = readRecord(first)
    store<u32>(last, feed)
    return read
  }
  return readRecord(first)
}

function readRecord(first: usize): bool {
  const bytesBegin = beginOf(first, fieldOf(SLOT_BYTES))
  const bytesEnd = endOf(first, fieldOf(SLOT_BYTES))
  const noBytes = isDash(bytesBegin, bytesEnd)
  let ok = true
  const statusField = fieldOf(SLOT_STATUS)
  if (statusField >= 0) {
    const begin = beginOf(first, statusField)
    const length = endOf(first, statusField) - begin
    ok = length == 2 && load<u16>(begin) == OK_WORD
    if (!ok) {
      if (length == 8 && load<u64>(begin) == SKIPDATA_WORD) {
        skipData++
        return true
      }
      if (length == 6 && wordAt(begin, 6) == NODATA_WORD) {
        noData++
        return true
      }
    }
  } else if (noBytes) {
    noData++
    return true
  }
  const strict = ok && !noBytes
  const row = <usize>count

  // The needed values: on a row that claims to be complete, each must be readable.
  const bytes = readInteger(bytesBegin, bytesEnd)
  const start = readInteger(beginOf(first, fieldOf(SLOT_START)), endOf(first, fieldOf(SLOT_START)))
  const directionBegin = beginOf(first, fieldOf(SLOT_DIRECTION))
  const directionLength = endOf(first, fieldOf(SLOT_DIRECTION)) - directionBegin
  // Both are as likely: compared without a branch.
  const direction = wordAt(directionBegin, 7)
  const ingress = <i32>(directionLength == 7) & <i32>(direction == INGRESS_WORD)
  const egress = <i32>(directionLength == 6) & <i32>((direction & 0xffffffffffff) == EGRESS_WORD)
  if (strict) {
    if (bytes == UNREADABLE || start == UNREADABLE) return false
    if ((ingress | egress) == 0) return false
  } else if (bytes == UNREADABLE && start == UNREADABLE && !isNoHeader) {
    // A header line that stands again has names where records have numbers, whatever its log-status column says.
    return false
  }
  const source = readAddress(first, SLOT_SOURCE, SOURCES + (row << 4))
  const destination = readAddress(first, SLOT_DESTINATION, DESTINATIONS + (row << 4))
  if (strict && (source == 0 || destination == 0)) return false
  let flags = ingress * INGRESS
  if (source != 4) flags |= source == 6 ? SOURCE_IPV6 : SOURCE_UNREADABLE
  if (destination != 4) flags |= destination == 6 ? DESTINATION_IPV6 : DESTINATION_UNREADABLE
  store<u64>(BYTES + (row << 3), bytes == UNREADABLE ? 0 : bytes)

  // What serves where it is there.
  const from = start == UNREADABLE ? f64.NaN : <f64>start * 1000
  let until = from + 1
  const endField = fieldOf(SLOT_END)
  if (endField >= 0) {
    const end = readInteger(beginOf(first, endField), endOf(first, endField))
    const ended = end == UNREADABLE ? f64.NaN : <f64>end * 1000
    until = (ended >= from ? ended : from) + 1000
  }
  store<f64>(STARTS + (row << 3), from)
  store<f64>(UNTILS + (row << 3), until)
  const packetsField = fieldOf(SLOT_PACKETS)
  let packets: u64 = 0
  if (packetsField >= 0) {
    packets = readInteger(beginOf(first, packetsField), endOf(first, packetsField))
    if (packets == UNREADABLE) packets = 0
  }
  store<u64>(PACKETS + (row << 3), packets)
  const actionField = fieldOf(SLOT_ACTION)
  if (actionField >= 0) {
    const begin = beginOf(first, actionField)
    if (endOf(first, actionField) - begin == 6 && wordAt(begin, 6) == REJECT_WORD) flags |= REJECTED
  }
  const typeField = fieldOf(SLOT_INTERFACE_TYPE)
  if (typeField >= 0) {
    flags |= TYPED_INTERFACE
    if (!isDash(beginOf(first, typeField), endOf(first, typeField))) flags |= MIDDLE_INTERFACE
  }
  // Who logged it matters only of what was sent; a growing table is to meet every interface.
  const sent = (flags & (INGRESS | REJECTED)) == 0
  const meets = load<i32>(TABLES + TABLE, 12) != 0
  store<i32>(INSTANCES + (row << 2), sent ? readToken(first, SLOT_INSTANCE, 0) : NO_TOKEN)
  store<i32>(INTERFACES + (row << 2), sent || meets ? readToken(first, SLOT_INTERFACE, 1) : NO_TOKEN)
  store<i32>(ZONES + (row << 2), sent ? readToken(first, SLOT_ZONE, 2) : NO_TOKEN)
  store<u16>(FLAGS + (row << 1), <u16>flags)
  count++
  return true
}

// @ts-ignore: decorator
@inline
function isDash(begin: usize, end: usize): bool {
  return end - begin == 1 && load<u8>(begin) == DASH
}

// The first `length` (under 8) bytes as a word, the rest zero.
// @ts-ignore: decorator
@inline
function wordAt(begin: usize, length: u64): u64 {
  return load<u64>(begin) & (((<u64>1) << (length << 3)) - 1)
}

// Decimal digits as an integer up to 2^63 - 1, UNREADABLE for any other text.
// @ts-ignore: decorator
@inline
function readInteger(begin: usize, end: usize): u64 {
  const length = <u64>(end - begin)
  if (length - 1 < 8) return readDigits(begin, length)
  if (length - 9 < 8) {
    const high = readDigits(begin, length - 8)
    const low = readDigits(end - 8, 8)
    return (high | low) > MAX_INTEGER ? UNREADABLE : high * 100000000 + low
  }
  return readLong(begin, end)
}

// One to eight digits: shifted up so that the missing leading ones are zeros, checked and added up all at once.
// @ts-ignore: decorator
@inline
function readDigits(begin: usize, length: u64): u64 {
  const unused = 64 - (length << 3)
  let digits = (load<u64>(begin) << unused) ^ (<u64>0x3030303030303030 << unused)
  if (((digits | (digits + 0x0606060606060606)) & 0xf0f0f0f0f0f0f0f0) != 0) return UNREADABLE
  digits = digits * 10 + (digits >> 8)
  return (
    ((digits & 0x000000ff000000ff) * 0x000f424000000064 +
      ((digits >> 16) & 0x000000ff000000ff) * 0x0000271000000001) >>
    32
  )
}

function readLong(begin: usize, end: usize): u64 {
  let value: u64 = 0
  if (begin == end) return UNREADABLE
  for (let at = begin; at < end; at++) {
    const digit = <u64>(load<u8>(at) - 48)
    if (digit > 9 || value > (MAX_INTEGER - digit) / 10) return UNREADABLE
    value = value * 10 + digit
  }
  return value
}

// Writes an address's words; 4 or 6, or 0 where there is none.
// @ts-ignore: decorator
@inline
function readAddress(first: usize, slot: usize, words: usize): i32 {
  const field = fieldOf(slot)
  const begin = beginOf(first, field)
  const end = endOf(first, field)
  const value = readIPv4(begin, end)
  if (value != UNREADABLE_IPV4) {
    store<u32>(words, <u32>value)
    return 4
  }
  return readIPv6(begin, end, words) ? 6 : 0
}

/**
 * Lays out OCTETS. An address's pattern is the lengths of its octets less one, two bits each. Per pattern:
 *
 *   16 bytes   where hundreds, tens and ones of the four octets stand in the text; 255 for none, and between octets
 *   4 x i32    the least value an octet of that length has without a leading zero; none has it where a length is 4
 */
export function prepare(): void {
  for (let pattern: i32 = 0; pattern < 256; pattern++) {
    const at = OCTETS + ((<usize>pattern) << 5)
    let begin: i32 = 0
    for (let octet: i32 = 0; octet < 4; octet++) {
      const length = ((pattern >> (octet << 1)) & 3) + 1
      for (let digit: i32 = 0; digit < 4; digit++) {
        const place = begin + length - 3 + digit
        const stands = digit < 3 && digit >= 3 - length
        store<u8>(at + <usize>((octet << 2) + digit), stands ? <u8>place : 255)
      }
      const least = length == 1 ? 0 : length == 2 ? 10 : length == 3 ? 100 : i32.MAX_VALUE
      store<i32>(at + 16 + <usize>(octet << 2), least)
      begin += length + 1
    }
  }
}

// 7 to 15 bytes: dots and digits as bit masks; the dots give the pattern, the pattern puts every digit under its weight.
// No branch depends on how long the octets are, which no processor could foretell.
function readIPv4(begin: usize, end: usize): i64 {
  const length = <i32>(end - begin)
  if (<u32>(length - 7) > 8) return UNREADABLE_IPV4
  const live = (1 << length) - 1
  const text = v128.load(begin)
  const values = i8x16.sub(text, i8x16.splat(48))
  const dots = i8x16.bitmask(i8x16.eq(text, i8x16.splat(46))) & live
  const digits = i8x16.bitmask(i8x16.lt_u(values, i8x16.splat(10))) & live
  if ((dots | digits) != live || popcnt<i32>(dots) != 3) return UNREADABLE_IPV4
  const second = dots & (dots - 1)
  const dot1 = ctz<i32>(dots)
  const dot2 = ctz<i32>(second)
  const dot3 = ctz<i32>(second & (second - 1))
  const length1 = dot1 - 1
  const length2 = dot2 - dot1 - 2
  const length3 = dot3 - dot2 - 2
  const length4 = length - dot3 - 2
  if ((length1 | length2 | length3 | length4) & ~3) return UNREADABLE_IPV4
  const pattern = OCTETS + ((<usize>(length1 | (length2 << 2) | (length3 << 4) | (length4 << 6))) << 5)
  const placed = i8x16.swizzle(values, v128.load(pattern))
  const weights = i8x16(100, 10, 1, 0, 100, 10, 1, 0, 100, 10, 1, 0, 100, 10, 1, 0)
  const low = i32x4.extadd_pairwise_i16x8_u(i16x8.extmul_low_i8x16_u(placed, weights))
  const high = i32x4.extadd_pairwise_i16x8_u(i16x8.extmul_high_i8x16_u(placed, weights))
  const octets = i32x4.add(
    v128.shuffle<i32>(low, high, 0, 2, 4, 6),
    v128.shuffle<i32>(low, high, 1, 3, 5, 7),
  )
  const wrong = v128.or(
    i32x4.gt_s(octets, i32x4.splat(255)),
    i32x4.lt_s(octets, v128.load(pattern, 16)),
  )
  if (v128.any_true(wrong)) return UNREADABLE_IPV4
  const bytes = v128.shuffle<i8>(octets, octets, 12, 8, 4, 0, 12, 8, 4, 0, 12, 8, 4, 0, 12, 8, 4, 0)
  return <i64>(<u32>v128.extract_lane<i32>(bytes, 0))
}

// RFC 4291 text, group by group.
function readIPv6(begin: usize, end: usize, words: usize): bool {
  const groups = GROUPS
  let found: i32 = 0
  let gap: i32 = -1
  let at = begin
  if (at < end && load<u8>(at) == 58) {
    if (end - begin < 2 || load<u8>(at, 1) != 58) return false
    gap = 0
    at += 2
  }
  while (at < end) {
    if (found == 8) return false
    const from = at
    let group: u32 = 0
    while (at < end) {
      const digit = hexDigit(load<u8>(at))
      if (digit < 0) break
      group = (group << 4) | <u32>digit
      at++
      if (at - from > 4) return false
    }
    if (at < end && load<u8>(at) == 46) {
      const tail = readIPv4(from, end)
      if (tail == UNREADABLE_IPV4 || found > 6) return false
      store<u16>(groups + ((<usize>found) << 1), <u16>(tail >> 16))
      store<u16>(groups + ((<usize>found) << 1), <u16>tail, 2)
      found += 2
      break
    }
    if (at == from) return false
    store<u16>(groups + ((<usize>found) << 1), <u16>group)
    found++
    if (at == end) break
    if (load<u8>(at) != 58) return false
    at++
    if (at == end) return false
    if (load<u8>(at) == 58) {
      if (gap >= 0) return false
      gap = found
      at++
    }
  }
  if (gap < 0 ? found != 8 : found > 7) return false
  const missing = 8 - found
  if (gap < 0) gap = 8
  for (let word = 0; word < 4; word++) {
    const high = groupAt(groups, word << 1, gap, missing)
    const low = groupAt(groups, (word << 1) + 1, gap, missing)
    store<u32>(words + ((<usize>word) << 2), (high << 16) | low)
  }
  return true
}

// The n-th of eight groups, where `missing` zeros stand at the gap.
// @ts-ignore: decorator
@inline
function groupAt(groups: usize, at: i32, gap: i32, missing: i32): u32 {
  if (at < gap) return <u32>load<u16>(groups + ((<usize>at) << 1))
  if (at < gap + missing) return 0
  return <u32>load<u16>(groups + ((<usize>(at - missing)) << 1))
}

// @ts-ignore: decorator
@inline
function hexDigit(byte: u8): i32 {
  if (<u8>(byte - 48) < 10) return byte - 48
  const lower = byte | 32
  return lower >= 97 && lower <= 102 ? lower - 87 : -1
}

// ---- tokens: open addressing by a hash of the token's first, middle and last eight bytes

// Per table four words: slot mask, slots, entries, whether it grows. An entry is (address, length) of a token's bytes.
const TABLE: usize = 16

export function placeTable(table: i32, slotMask: i32, slots: usize, entries: usize, grows: i32): void {
  const at = TABLES + <usize>table * TABLE
  store<i32>(at, slotMask)
  store<usize>(at, slots, 4)
  store<usize>(at, entries, 8)
  store<i32>(at, grows, 12)
}

/** Adds the token of that code, whose bytes the host has put at [begin, begin + length), eight bytes of room behind. */
export function addToken(table: i32, code: i32, begin: usize, length: u32): void {
  const at = TABLES + <usize>table * TABLE
  const entry = load<usize>(at, 8) + ((<usize>code) << 3)
  store<usize>(entry, begin)
  store<u32>(entry, length, 4)
  const slotMask = load<u32>(at)
  const slots = load<usize>(at, 4)
  let slot = hash(begin, length) & slotMask
  while (load<i32>(slots + ((<usize>slot) << 2)) != 0) slot = (slot + 1) & slotMask
  store<i32>(slots + ((<usize>slot) << 2), code + 1)
}

// @ts-ignore: decorator
@inline
function readToken(first: usize, slot: usize, table: i32): i32 {
  const field = fieldOf(slot)
  if (field < 0) return NO_TOKEN
  const begin = beginOf(first, field)
  const end = endOf(first, field)
  const length = <u32>(end - begin)
  if (length == 0 || isDash(begin, end)) return NO_TOKEN
  return findToken(table, begin, length)
}

function findToken(table: i32, begin: usize, length: u32): i32 {
  const at = TABLES + <usize>table * TABLE
  const slotMask = load<u32>(at)
  const slots = load<usize>(at, 4)
  const entries = load<usize>(at, 8)
  for (let slot = hash(begin, length) & slotMask; ; slot = (slot + 1) & slotMask) {
    const code = load<i32>(slots + ((<usize>slot) << 2)) - 1
    if (code < 0) break
    const entry = entries + ((<usize>code) << 3)
    if (load<u32>(entry, 4) == length && equals(load<usize>(entry), begin, length)) return code
  }
  return load<i32>(at, 12) != 0 ? meet(table, <i32>(begin - TEXT), <i32>(begin - TEXT + length)) : OTHER_TOKEN
}

// @ts-ignore: decorator
@inline
function hash(begin: usize, length: u32): u32 {
  let mixed: u64
  if (length < 8) {
    mixed = wordAt(begin, length)
  } else {
    const last = begin + <usize>length - 8
    mixed = load<u64>(begin) ^ (load<u64>(last) * 0x9e3779b97f4a7c15)
    if (length > 16) mixed ^= load<u64>(begin, 8) * 0xc2b2ae3d27d4eb4f
  }
  mixed = (mixed ^ <u64>length) * 0xff51afd7ed558ccd
  return <u32>(mixed >> 32)
}

// @ts-ignore: decorator
@inline
function equals(token: usize, text: usize, length: u32): bool {
  let at: u32 = 0
  for (; at + 8 <= length; at += 8) {
    if (load<u64>(token + <usize>at) != load<u64>(text + <usize>at)) return false
  }
  const left = length - at
  return left == 0 || wordAt(token + <usize>at, left) == wordAt(text + <usize>at, left)
}
