// The lines of one object, a bufferful at a time.
//
// A record is drawn as its sender's interface logs it: egress, for an account. What other interfaces log of the same
// packets, the receiver's ingress copy and now and then a relayed copy, waits a while among others of its kind and is
// written when it is drawn from there: an object's lines are in no order.
//
//   pair  ->  egress line   ->  account of the pair          drawn            written at once
//             ingress line  ->  ingress                      same bytes       written later
//             egress line   ->  relayed                      same bytes       written later

import { ACCOUNTS, type Account } from '@zonetoll/model'
import { NOBODY } from './cluster.ts'
import { LONGEST_LINE, type LineValues, type LineWriter, type Malformation } from './line-writer.ts'
import type { ObjectPlan } from './objects.ts'
import type { PairTable } from './pair-table.ts'
import type { Random } from './random.ts'
import type { Sizes } from './sizes.ts'
import type { SlotTraffic } from './slot-traffic.ts'
import type { Traffic } from './traffic.ts'
import type { ObjectTally, Truth } from './truth.ts'
import { WaitingCopies } from './waiting-copies.ts'

// Shares of all lines.
const NO_DATA_SHARE = 0.008
const SKIP_DATA_SHARE = 0.0004
const REJECTED_SHARE = 0.006
// So many copies wait before one is written: enough to spread what would be neighbours over a few tens of kilobytes.
const WAITING = 256
// Pair tables, as a waiting copy knows them.
const STEADY = 0
const UNKNOWN = 1
const CHANGING = 2

const MALFORMATIONS: readonly Malformation[] = ['too few fields', 'too many fields', 'bad bytes']
const TCP_FLAGS = [0, 2, 3, 18, 19, 19]
const FIRST_EPHEMERAL = 32_768
const EPHEMERAL = 28_232

const ACCOUNT = Object.fromEntries(ACCOUNTS.map((account, at) => [account, at])) as Record<Account, number>

export interface LineSource {
  readonly traffic: Traffic
  readonly sizes: Sizes
  readonly truth: Truth
  readonly writer: LineWriter
  /** How many interfaces there are: any of them may have had no data. */
  readonly interfaces: number
  /** Chance that a draw is of an unknown end. */
  readonly unknownChance: number
  /** Whether the format has an action, and packets: a reader takes what isn't said for accepted, and for 0. */
  readonly tellsRejected: boolean
  readonly tellsPackets: boolean
}

export class ObjectLines {
  readonly #source: LineSource
  readonly #slot: SlotTraffic
  readonly #tally: ObjectTally
  readonly #random: Random
  readonly #plan: ObjectPlan
  readonly #unknownPick: (random: Random) => number
  #written = 0
  #malformed = 0
  #headed = false
  readonly #values: LineValues = {
    logging: 0,
    source: 0,
    destination: 0,
    ingress: false,
    rejected: false,
    sourcePort: 0,
    destinationPort: 0,
    protocol: 6,
    packets: 0,
    bytes: 0,
    start: 0,
    end: 0,
    tcpFlags: 0,
    path: 1,
    nextHop: NOBODY,
  }
  // A record adds two at most.
  readonly #copies = new WaitingCopies(WAITING + 1)

  constructor(
    plan: ObjectPlan,
    slot: SlotTraffic,
    source: LineSource,
    unknownPick: (random: Random) => number,
    random: Random,
  ) {
    this.#plan = plan
    this.#slot = slot
    this.#source = source
    this.#unknownPick = unknownPick
    this.#random = random
    this.#tally = source.truth.tally(plan)
  }

  /** Lines made so far. */
  get written(): number {
    return this.#written
  }

  /** Fills the buffer with whole lines; how many bytes, 0 when there are no more. */
  fill(buffer: Uint8Array): number {
    const { writer } = this.#source
    writer.buffer = buffer
    writer.length = 0
    if (!this.#headed) {
      this.#headed = true
      buffer.set(writer.header)
      writer.length = writer.header.length
    }
    const full = buffer.length - LONGEST_LINE
    while (this.#written < this.#plan.records && writer.length <= full) {
      this.#addLine()
      this.#written++
    }
    return writer.length
  }

  #addLine(): void {
    const random = this.#random
    const left = this.#plan.records - this.#written
    const malformedLeft = this.#plan.malformed - this.#malformed
    if (malformedLeft > 0 && random.below(left) < malformedLeft) return this.#addMalformed()
    const room = left - malformedLeft - this.#copies.size
    if (room === 0 || this.#copies.size >= WAITING) return this.#addCopy()
    const roll = random.next() / 2 ** 32
    if (roll < NO_DATA_SHARE) return this.#addPadded('NODATA')
    if (roll < NO_DATA_SHARE + SKIP_DATA_SHARE) return this.#addPadded('SKIPDATA')
    if (roll < NO_DATA_SHARE + SKIP_DATA_SHARE + REJECTED_SHARE && this.#source.tellsRejected) {
      return this.#addRejected()
    }
    this.#addDrawn(room)
  }

  // A record that is somebody's, if its copies find room; else a line about nothing fills it.
  #addDrawn(room: number): void {
    const random = this.#random
    const slot = this.#slot
    const { sizes } = this.#source
    let table = STEADY
    let pair: number
    if (random.chance(this.#source.unknownChance)) {
      table = UNKNOWN
      pair = this.#unknownPick(random)
      slot.drawWindow(random)
    } else {
      pair = slot.drawChanging(random)
      if (pair === NOBODY) {
        pair = slot.pickSteady(random)
        slot.drawWindow(random)
      } else {
        table = CHANGING
      }
    }
    const pairs = this.#pairs(table)
    const receiver = pairs.receiver[pair]!
    const relay = pairs.relay[pair]!
    const copies = (receiver === NOBODY ? 0 : 1) + (relay === NOBODY ? 0 : 1)
    if (copies + 1 > room) return this.#addPadded('NODATA')

    const bytes = sizes.draw(pairs.meanBytes[pair]!, random)
    const packets = this.#source.tellsPackets ? 1 + Math.floor(bytes / pairs.packetBytes[pair]!) : 0
    const port = FIRST_EPHEMERAL + random.below(EPHEMERAL)
    const { start, end, handedOver } = slot
    const account = pairs.account[pair]!
    this.#setEnds(pairs, pair, port)
    this.#setWindow(start, end, bytes, packets)
    const values = this.#values
    values.logging = pairs.sender[pair]!
    values.ingress = false
    values.rejected = false
    values.path = account === ACCOUNT.outside ? 8 : 1
    values.nextHop = relay
    this.#source.writer.record(values)
    this.#count(account, start, bytes, packets, handedOver)
    const zones = pairs.zones[pair]!
    if (zones !== NOBODY) {
      this.#source.truth.addPair(start, zones, pairs.identities[pair]!, bytes, packets)
    }

    if (receiver !== NOBODY) {
      const copy = this.#wait(table, pair, receiver, port, bytes, packets)
      const begin = start + random.below(2)
      this.#copies.ingress[copy] = 1
      this.#copies.start[copy] = begin
      this.#copies.end[copy] = Math.max(begin, end)
      this.#copies.handedOver[copy] = 0
    }
    if (relay !== NOBODY) {
      // The same window: who held the addresses in it is then the same, too.
      const copy = this.#wait(table, pair, relay, port, bytes, packets)
      this.#copies.ingress[copy] = 0
      this.#copies.start[copy] = start
      this.#copies.end[copy] = end
      this.#copies.handedOver[copy] = handedOver ? 1 : 0
    }
  }

  // A copy's place, with all in it that doesn't depend on who logs it.
  #wait(table: number, pair: number, logging: number, port: number, bytes: number, packets: number): number {
    const copies = this.#copies
    const copy = copies.size++
    copies.table[copy] = table
    copies.pair[copy] = pair
    copies.logging[copy] = logging
    copies.port[copy] = port
    copies.bytes[copy] = bytes
    copies.packets[copy] = packets
    return copy
  }

  #addCopy(): void {
    const copies = this.#copies
    const copy = copies.take(this.#random)
    const start = copies.start[copy]!
    const bytes = copies.bytes[copy]!
    const packets = copies.packets[copy]!
    const ingress = copies.ingress[copy] === 1
    this.#setEnds(this.#pairs(copies.table[copy]!), copies.pair[copy]!, copies.port[copy]!)
    this.#setWindow(start, copies.end[copy]!, bytes, packets)
    const values = this.#values
    values.logging = copies.logging[copy]!
    values.ingress = ingress
    values.rejected = false
    values.path = 1
    values.nextHop = NOBODY
    this.#source.writer.record(values)
    const account = ingress ? ACCOUNT.ingress : ACCOUNT.relayed
    this.#count(account, start, bytes, packets, copies.handedOver[copy] === 1)
  }

  #pairs(table: number): PairTable {
    const { traffic } = this.#source
    return table === STEADY
      ? traffic.steady
      : table === UNKNOWN
        ? traffic.unknown
        : this.#slot.changing!.pairs
  }

  // A security group says no: to a sender's packet going out, or at the receiver's interface.
  #addRejected(): void {
    const random = this.#random
    const { traffic, truth } = this.#source
    const unknown = random.chance(0.5)
    const pairs = unknown ? traffic.unknown : traffic.steady
    this.#slot.drawWindow(random)
    const { start, end } = this.#slot
    const pair = unknown ? this.#unknownPick(random) : this.#slot.pickSteady(random)
    const ingress = pairs.receiver[pair] !== NOBODY && random.chance(0.5)
    const packets = random.between(1, 5)
    const bytes = packets * 60
    this.#setEnds(pairs, pair, FIRST_EPHEMERAL + random.below(EPHEMERAL))
    this.#setWindow(start, end, bytes, packets)
    const values = this.#values
    values.logging = ingress ? pairs.receiver[pair]! : pairs.sender[pair]!
    values.ingress = ingress
    values.rejected = true
    values.path = 1
    values.nextHop = NOBODY
    this.#source.writer.record(values)
    truth.addRecord(this.#tally, start, ingress ? ACCOUNT.ingress : ACCOUNT.rejected, bytes, packets)
  }

  #addPadded(status: 'NODATA' | 'SKIPDATA'): void {
    this.#slot.drawWindow(this.#random)
    const logging = this.#random.below(this.#source.interfaces)
    this.#source.writer.padded(logging, status, this.#slot.start, this.#slot.end)
    if (status === 'NODATA') this.#tally.noData++
    else this.#tally.skipData++
  }

  #addMalformed(): void {
    this.#slot.drawWindow(this.#random)
    const logging = this.#random.below(this.#source.interfaces)
    const how = MALFORMATIONS[this.#malformed++ % MALFORMATIONS.length]!
    this.#source.writer.malformed(how, logging, this.#slot.start, this.#slot.end)
    this.#tally.malformed++
  }

  #setEnds(pairs: PairTable, pair: number, ephemeral: number): void {
    const values = this.#values
    const port = pairs.port[pair]!
    const reply = pairs.reply[pair] === 1
    values.source = pairs.source[pair]!
    values.destination = pairs.destination[pair]!
    values.sourcePort = reply ? port : ephemeral
    values.destinationPort = reply ? ephemeral : port
    values.protocol = pairs.protocol[pair]!
  }

  #setWindow(start: number, end: number, bytes: number, packets: number): void {
    const values = this.#values
    values.start = start
    values.end = end
    values.bytes = bytes
    values.packets = packets
    values.tcpFlags = values.protocol === 6 ? TCP_FLAGS[packets % TCP_FLAGS.length]! : 0
  }

  #count(account: number, start: number, bytes: number, packets: number, handedOver: boolean): void {
    const { truth } = this.#source
    truth.addRecord(this.#tally, start, account, bytes, packets)
    if (handedOver) truth.addHandedOver(start, bytes, packets)
  }
}
