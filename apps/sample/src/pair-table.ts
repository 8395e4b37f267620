// Pairs that send, as columns: what the hot loop reads to write a line and to know its account.
//
// A party is an address that stands in a record: party 2n is host n's IPv4 address, 2n + 1 its IPv6 address, and
// what lies outside the cluster's network comes behind them.

import type { Account } from '@zonetoll/model'
import { ACCOUNTS } from '@zonetoll/model'

export interface PairParts {
  /** Parties. */
  readonly source: number
  readonly destination: number
  /** Interfaces: who logs it going out, coming in (NOBODY where no one does), and a copy on the way (NOBODY: none). */
  readonly sender: number
  readonly receiver: number
  readonly relay: number
  /** The account that its accepted egress records are made for. */
  readonly account: Account
  /** Source zone * 3 + destination zone where both ends are known, else NOBODY. */
  readonly zones: number
  /** Index into IdentityPairs where it crosses zones, else NOBODY. */
  readonly identities: number
  readonly port: number
  readonly protocol: number
  /** The source answers: the service's port is the source's. */
  readonly reply: boolean
  readonly meanBytes: number
  readonly packetBytes: number
  readonly weight: number
  /** Index into the hour's occupancies of the end that changes hands; NOBODY where neither does. */
  readonly occupancy: number
}

const ACCOUNT_INDEX = Object.fromEntries(ACCOUNTS.map((account, at) => [account, at])) as Record<
  Account,
  number
>

export class PairTable {
  size = 0
  source = new Int32Array(1024)
  destination = new Int32Array(1024)
  sender = new Int32Array(1024)
  receiver = new Int32Array(1024)
  relay = new Int32Array(1024)
  /** Index into ACCOUNTS. */
  account = new Uint8Array(1024)
  zones = new Int8Array(1024)
  identities = new Int32Array(1024)
  port = new Uint16Array(1024)
  protocol = new Uint8Array(1024)
  reply = new Uint8Array(1024)
  meanBytes = new Float64Array(1024)
  packetBytes = new Uint16Array(1024)
  weight = new Float64Array(1024)
  occupancy = new Int32Array(1024)

  add(parts: PairParts): void {
    const at = this.size++
    if (at === this.source.length) this.#grow(at * 2)
    this.source[at] = parts.source
    this.destination[at] = parts.destination
    this.sender[at] = parts.sender
    this.receiver[at] = parts.receiver
    this.relay[at] = parts.relay
    this.account[at] = ACCOUNT_INDEX[parts.account]
    this.zones[at] = parts.zones
    this.identities[at] = parts.identities
    this.port[at] = parts.port
    this.protocol[at] = parts.protocol
    this.reply[at] = parts.reply ? 1 : 0
    this.meanBytes[at] = parts.meanBytes
    this.packetBytes[at] = parts.packetBytes
    this.weight[at] = parts.weight
    this.occupancy[at] = parts.occupancy
  }

  #grow(length: number): void {
    this.source = moved(this.source, new Int32Array(length))
    this.destination = moved(this.destination, new Int32Array(length))
    this.sender = moved(this.sender, new Int32Array(length))
    this.receiver = moved(this.receiver, new Int32Array(length))
    this.relay = moved(this.relay, new Int32Array(length))
    this.account = moved(this.account, new Uint8Array(length))
    this.zones = moved(this.zones, new Int8Array(length))
    this.identities = moved(this.identities, new Int32Array(length))
    this.port = moved(this.port, new Uint16Array(length))
    this.protocol = moved(this.protocol, new Uint8Array(length))
    this.reply = moved(this.reply, new Uint8Array(length))
    this.meanBytes = moved(this.meanBytes, new Float64Array(length))
    this.packetBytes = moved(this.packetBytes, new Uint16Array(length))
    this.weight = moved(this.weight, new Float64Array(length))
    this.occupancy = moved(this.occupancy, new Int32Array(length))
  }
}

function moved<T extends { set(from: ArrayLike<number>): void }>(from: ArrayLike<number>, to: T): T {
  to.set(from)
  return to
}
