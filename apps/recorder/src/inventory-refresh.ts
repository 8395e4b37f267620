// The inventory, kept fresh: what isn't a pod or a node gets its name, service and zone from EC2.
//
// Zones, subnets and interfaces are asked for one by one, so that a missing permission costs no more than its own. What
// goes wrong is said once, with what is lost by it, and so is its end; what was known stays in the book meanwhile.

import type { AssignmentLine, SubnetLine } from '@zonetoll/assignments'
import { HOUR_SECONDS, type UnixMillis, type ZoneId } from '@zonetoll/model'
import type { InMemoryBook } from './book-in-memory.ts'
import { Ec2Inventory, type InventoryQuestion } from './inventory-ec2.ts'
import { interfaceLines, subnetLines, zoneLines, type ZoneIds } from './inventory-lines.ts'
import { LOOK_BACK_HOURS } from './log-writer.ts'

export interface InventoryOptions {
  readonly book: InMemoryBook
  readonly vpcId: string | null
  readonly clock: () => UnixMillis
  readonly warn: (message: string) => void
}

const LOST: Readonly<Record<InventoryQuestion, string>> = {
  DescribeAvailabilityZones: 'nodes that say only the name of their zone have no zone ID',
  DescribeSubnets: 'addresses that nothing is known to hold, and holders that say no zone, have no zone',
  DescribeNetworkInterfaces:
    "databases, caches, load balancers, NAT gateways and endpoints have no name: their traffic counts as their subnet's",
}

const SUBNET_LINES: readonly SubnetLine[] = []

export class Inventory implements ZoneIds {
  readonly #options: InventoryOptions
  readonly #ec2: Ec2Inventory
  readonly #zones = new Map<string, ZoneId>()
  readonly #problems = new Map<InventoryQuestion, string>()
  #subnets = SUBNET_LINES
  /** When interfaces were last listed; null before. */
  #listedAt: UnixMillis | null = null

  constructor(options: InventoryOptions) {
    this.#options = options
    this.#ec2 = new Ec2Inventory(options)
    for (const line of options.book.lines()) this.#learnZone(line)
  }

  /** The zone of that name, from EC2 or from what the log last said; null where neither knows it. */
  idOf(zoneName: string): ZoneId | null {
    return this.#zones.get(zoneName) ?? null
  }

  /** Asks for everything once. Never rejects but with the signal's reason. */
  async refresh(signal: AbortSignal): Promise<void> {
    const { book, clock } = this.#options
    await this.#ask('DescribeAvailabilityZones', signal, async () => {
      const seen = clock()
      const lines = zoneLines(await this.#ec2.zones(signal), seen)
      for (const line of lines) this.#learnZone(line)
      book.replace('zone', lines, seen)
    })
    await this.#ask('DescribeSubnets', signal, async () => {
      const seen = clock()
      this.#subnets = subnetLines(await this.#ec2.subnets(signal), this, seen)
      book.replace('subnet', this.#subnets, seen)
    })
    await this.#ask('DescribeNetworkInterfaces', signal, async () => {
      const seen = clock()
      const found = await this.#ec2.interfaces(signal)
      const heldSince = (uid: string) => this.#heldSince(uid, seen)
      book.replace(
        'interface',
        interfaceLines(found, { zones: this, subnets: this.#subnets, seen, heldSince }),
        seen,
      )
      this.#listedAt = seen
    })
  }

  #learnZone(line: AssignmentLine): void {
    if (line.kind === 'zone') this.#zones.set(line.name, line.uid as ZoneId)
  }

  #heldSince(uid: string, seen: UnixMillis): UnixMillis {
    const known = this.#options.book.line('interface', uid)
    if (known?.kind === 'interface' && known.until === Infinity) return known.from
    return this.#listedAt ?? ((seen - LOOK_BACK_HOURS * HOUR_SECONDS * 1000) as UnixMillis)
  }

  async #ask(question: InventoryQuestion, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
    const { warn } = this.#options
    try {
      await work()
      if (this.#problems.delete(question)) warn(`ec2:${question} is answered again`)
    } catch (error) {
      signal.throwIfAborted()
      const problem = problemOf(question, error)
      if (this.#problems.get(question) === problem) return
      this.#problems.set(question, problem)
      warn(`${problem}. Until then ${LOST[question]}. With --no-inventory EC2 isn't asked.`)
    }
  }
}

function problemOf(question: InventoryQuestion, error: unknown): string {
  const { name, message } = error instanceof Error ? error : { name: '', message: String(error) }
  if (/UnauthorizedOperation|AccessDenied|AuthFailure/.test(name)) {
    return `ec2:${question} isn't allowed (${name}): allow it in the recorder's IAM policy`
  }
  if (/Region is missing/.test(message))
    return `ec2:${question} can't be asked: no region is set; set AWS_REGION`
  if (name === 'CredentialsProviderError') {
    return `ec2:${question} can't be asked: there are no AWS credentials; give the recorder a role or a profile`
  }
  return `ec2:${question} failed (${name}: ${message}); it is asked again`
}
