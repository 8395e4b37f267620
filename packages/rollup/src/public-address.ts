// Whether an address is public: globally reachable by IANA's special-purpose address registries.
//
// An address in no block below is public. Blocks inside a block that isn't reachable may be reachable again; the
// longest prefix decides. Sources: IANA IPv4 and IPv6 Special-Purpose Address Registries, column "Globally Reachable";
// 6to4 (2002::/16) and Teredo (2001::/32), which it leaves open, aren't taken as reachable.

import { BlockIndex, parseCidr } from '@zonetoll/assignments'

const NOT_REACHABLE = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '240.0.0.0/4',
  '::/128',
  '::1/128',
  '::ffff:0:0/96',
  '64:ff9b:1::/48',
  '100::/64',
  '100:0:0:1::/64',
  '2001::/23',
  '2001:db8::/32',
  '2002::/16',
  '3fff::/20',
  '5f00::/16',
  'fc00::/7',
  'fe80::/10',
]

const REACHABLE_INSIDE = [
  '192.0.0.9/32',
  '192.0.0.10/32',
  '2001:1::1/128',
  '2001:1::2/128',
  '2001:1::3/128',
  '2001:3::/32',
  '2001:4:112::/48',
  '2001:20::/28',
  '2001:30::/28',
]

const NOT_REACHABLE_ID = 0
const REACHABLE_ID = 1

const blocks = BlockIndex.of([
  ...NOT_REACHABLE.map(block => ({ cidr: parseCidr(block)!, id: NOT_REACHABLE_ID })),
  ...REACHABLE_INSIDE.map(block => ({ cidr: parseCidr(block)!, id: REACHABLE_ID })),
])

/** Whether an IPv4 address, an unsigned 32-bit number, is public. */
export function isPublic4(value: number): boolean {
  return blocks.find4(value) !== NOT_REACHABLE_ID
}

/** Whether the IPv6 address words[at .. at + 4) is public. */
export function isPublic6(words: ArrayLike<number>, at: number): boolean {
  return blocks.find6(words, at) !== NOT_REACHABLE_ID
}
