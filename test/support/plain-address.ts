/**
 * The plain twin of addresses, blocks and what is public: text and the standard library only, nothing of the packages.
 *
 * An address is one text, whatever its spelling: `4:` and 8 hexadecimal digits, or `6:` and 32.
 */
import { isIPv4, isIPv6 } from 'node:net'

/** Null for text that is no address; a zone index (`%eth0`) isn't part of one. */
export function plainAddress(text: string): string | null {
  if (isIPv4(text)) {
    const digits = text.split('.').map(part => Number(part).toString(16).padStart(2, '0'))
    return `4:${digits.join('')}`
  }
  if (!isIPv6(text) || text.includes('%')) return null
  let hexadecimal = text
  if (text.includes('.')) {
    const tail = text.lastIndexOf(':') + 1
    const [a = 0, b = 0, c = 0, d = 0] = text.slice(tail).split('.').map(Number)
    hexadecimal = `${text.slice(0, tail)}${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`
  }
  const [left = '', right] = hexadecimal.split('::')
  const head = left === '' ? [] : left.split(':')
  const tail = right === undefined || right === '' ? [] : right.split(':')
  const zeros = Array.from<string>({ length: 8 - head.length - tail.length }).fill('0')
  const groups = right === undefined ? head : [...head, ...zeros, ...tail]
  return `6:${groups.map(group => group.toLowerCase().padStart(4, '0')).join('')}`
}

/** The address as a number, without its family. */
export function plainNumber(address: string): bigint {
  return BigInt(`0x${address.slice(2)}`)
}

/** The words of 32 bits, high first, as the packages take an address. */
export function plainWords(address: string): number[] {
  const digits = address.slice(2)
  return Array.from({ length: digits.length / 8 }, (_, word) =>
    Number.parseInt(digits.slice(word * 8, word * 8 + 8), 16),
  )
}

/** A text of an address that is given as a number; IPv6 in full. */
export function plainText(family: 4 | 6, value: bigint): string {
  if (family === 4) return [24n, 16n, 8n, 0n].map(shift => String((value >> shift) & 255n)).join('.')
  const digits = value.toString(16).padStart(32, '0')
  return Array.from({ length: 8 }, (_, group) => digits.slice(group * 4, group * 4 + 4)).join(':')
}

/** First and last address of a block such as 10.0.0.0/8, host bits ignored. */
export function plainBlock(cidr: string): { family: 4 | 6; prefix: number; first: bigint; last: bigint } {
  const [base = '', length = ''] = cidr.split('/')
  const address = plainAddress(base)
  if (address === null) throw new Error(`not a block: ${cidr}`)
  const family = address.startsWith('4') ? 4 : 6
  const prefix = Number(length)
  const size = 2n ** BigInt((family === 4 ? 32 : 128) - prefix)
  const first = (plainNumber(address) / size) * size
  return { family, prefix, first, last: first + size - 1n }
}

export function plainContains(cidr: string, address: string): boolean {
  const { family, first, last } = plainBlock(cidr)
  const value = plainNumber(address)
  return address.startsWith(String(family)) && first <= value && value <= last
}

/**
 * IANA's special-purpose registries entry by entry: "Globally Reachable", false where it says N/A. Among the
 * entries around an address the one with the longest prefix decides; where there is none, it is reachable.
 */
export const PLAIN_REGISTRY: readonly (readonly [block: string, reachable: boolean])[] = [
  ['0.0.0.0/8', false],
  ['0.0.0.0/32', false],
  ['10.0.0.0/8', false],
  ['100.64.0.0/10', false],
  ['127.0.0.0/8', false],
  ['169.254.0.0/16', false],
  ['172.16.0.0/12', false],
  ['192.0.0.0/24', false],
  ['192.0.0.0/29', false],
  ['192.0.0.8/32', false],
  ['192.0.0.9/32', true],
  ['192.0.0.10/32', true],
  ['192.0.0.170/32', false],
  ['192.0.0.171/32', false],
  ['192.0.2.0/24', false],
  ['192.31.196.0/24', true],
  ['192.52.193.0/24', true],
  ['192.168.0.0/16', false],
  ['192.175.48.0/24', true],
  ['198.18.0.0/15', false],
  ['198.51.100.0/24', false],
  ['203.0.113.0/24', false],
  ['240.0.0.0/4', false],
  ['255.255.255.255/32', false],
  ['::1/128', false],
  ['::/128', false],
  ['::ffff:0:0/96', false],
  ['64:ff9b::/96', true],
  ['64:ff9b:1::/48', false],
  ['100::/64', false],
  ['100:0:0:1::/64', false],
  ['2001::/23', false],
  ['2001::/32', false],
  ['2001:1::1/128', true],
  ['2001:1::2/128', true],
  ['2001:1::3/128', true],
  ['2001:2::/48', false],
  ['2001:3::/32', true],
  ['2001:4:112::/48', true],
  ['2001:10::/28', false],
  ['2001:20::/28', true],
  ['2001:30::/28', true],
  ['2001:db8::/32', false],
  ['2002::/16', false],
  ['2620:4f:8000::/48', true],
  ['3fff::/20', false],
  ['5f00::/16', false],
  ['fc00::/7', false],
  ['fe80::/10', false],
]

export function plainIsPublic(address: string): boolean {
  let longest = -1
  let reachable = true
  for (const [block, answer] of PLAIN_REGISTRY) {
    const { prefix } = plainBlock(block)
    if (prefix > longest && plainContains(block, address)) {
      longest = prefix
      reachable = answer
    }
  }
  return reachable
}
