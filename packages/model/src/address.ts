// An IP address as integers, the one form every stage shares.
//
//   IPv4   one unsigned 32-bit number               10.0.1.5    -> 0x0a000105
//   IPv6   four unsigned 32-bit words, high first   2600:1f16:: -> 0x26001f16, 0, 0, 0
//
// Text is read as inet_pton(3) reads it: an IPv4 part has no leading zero; IPv6 may be upper or lower case,
// have one `::` and end in a dotted IPv4 tail; no zone index. ::ffff:10.0.1.5 stays an IPv6 address.
// Source: RFC 4291, section 2.2; RFC 5952 for the text that is written.

export type Address =
  | { readonly family: 4; readonly words: readonly [number] }
  | { readonly family: 6; readonly words: readonly [number, number, number, number] }

/** The address a text spells, null where it spells none. */
export function parseAddress(text: string): Address | null {
  if (!text.includes(':')) {
    const value = parseIPv4(text)
    return value === null ? null : { family: 4, words: [value] }
  }
  const words = parseIPv6(text)
  return words === null ? null : { family: 6, words }
}

const OCTET = /^(?:0|[1-9]\d{0,2})$/

function parseIPv4(text: string): number | null {
  const parts = text.split('.')
  if (parts.length !== 4) return null
  let value = 0
  for (const part of parts) {
    if (!OCTET.test(part) || Number(part) > 255) return null
    value = value * 256 + Number(part)
  }
  return value
}

const GROUP = /^[0-9a-fA-F]{1,4}$/

function parseIPv6(text: string): [number, number, number, number] | null {
  const halves = text.split('::')
  if (halves.length > 2) return null
  const head = groupsOf(halves[0]!, halves.length === 1)
  const tail = halves.length === 2 ? groupsOf(halves[1]!, true) : []
  if (head === null || tail === null) return null
  const missing = 8 - head.length - tail.length
  if (halves.length === 1 ? missing !== 0 : missing < 1) return null
  const groups = [...head, ...Array.from({ length: missing }, () => 0), ...tail]
  const word = (at: number) => groups[at]! * 65536 + groups[at + 1]!
  return [word(0), word(2), word(4), word(6)]
}

// The 16-bit groups of one side of `::`. Only the side that ends the address may end in dotted IPv4.
function groupsOf(text: string, endsAddress: boolean): number[] | null {
  if (text === '') return []
  const parts = text.split(':')
  const groups: number[] = []
  for (const [at, part] of parts.entries()) {
    if (endsAddress && at === parts.length - 1 && part.includes('.')) {
      const value = parseIPv4(part)
      if (value === null) return null
      groups.push(Math.floor(value / 65536), value % 65536)
    } else {
      if (!GROUP.test(part)) return null
      groups.push(Number.parseInt(part, 16))
    }
  }
  return groups
}

/** The address's usual spelling: dotted, or RFC 5952 (lower case, the longest run of zero groups as `::`). */
export function formatAddress(address: Address): string {
  if (address.family === 4) {
    const [value] = address.words
    return [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255].join('.')
  }
  const groups = address.words.flatMap(word => [Math.floor(word / 65536), word % 65536])
  let best = { at: -1, length: 1 }
  for (let at = 0; at < 8; at++) {
    let length = 0
    while (groups[at + length] === 0) length++
    if (length > best.length) best = { at, length }
  }
  const hex = groups.map(group => group.toString(16))
  if (best.at < 0) return hex.join(':')
  return `${hex.slice(0, best.at).join(':')}::${hex.slice(best.at + best.length).join(':')}`
}
