// One line of the assignment log: what the recorder saw of a pod, node, interface, subnet or zone.
//
//   {"kind":"pod","uid":"6f1…","addresses":["10.0.1.5"],"from":"2024-05-01T09:12:03Z","until":null,
//    "seen":"2024-05-01T10:05:00Z","namespace":"shop","name":"cart-7d9f-x2x","workload":"Deployment/cart",
//    "labels":{"app":"cart"},"node":"ip-10-0-1-9…","instance":"i-0a1…","zone":"use2-az1"}
//
// Read once into a checked type at this edge; unknown keys and kinds are ignored. Contract, section 3.

import { parseAddress, parseInstant, type Address, type UnixMillis, type ZoneId } from '@zonetoll/model'
import { parseCidr, type Cidr } from './cidr.ts'

interface Sighting {
  readonly uid: string
  /** When the recorder last saw it like this; of several lines of one kind and uid the greatest counts. */
  readonly seen: UnixMillis
}

interface Holder extends Sighting {
  readonly addresses: readonly Address[]
  readonly from: UnixMillis
  /** Exclusive; Infinity where it still held. */
  readonly until: UnixMillis
  readonly instance: string | null
  /** Null where the recorder didn't know it: then the subnet decides. */
  readonly zone: ZoneId | null
}

export interface PodLine extends Holder {
  readonly kind: 'pod'
  readonly namespace: string
  readonly name: string
  readonly workload: string | null
  readonly labels: ReadonlyMap<string, string>
  readonly node: string | null
  readonly hostNetwork: boolean
}

export interface NodeLine extends Holder {
  readonly kind: 'node'
  readonly name: string
}

export interface InterfaceLine extends Holder {
  readonly kind: 'interface'
  readonly name: string
  readonly service: string | null
}

export interface SubnetLine extends Sighting {
  readonly kind: 'subnet'
  readonly cidr: Cidr
  readonly zone: ZoneId
}

export interface ZoneLine extends Sighting {
  readonly kind: 'zone'
  readonly name: string
}

export type AssignmentLine = PodLine | NodeLine | InterfaceLine | SubnetLine | ZoneLine

/** The line isn't an assignment; the message says what was expected and what was found. */
export class AssignmentLineError extends Error {
  override readonly name = 'AssignmentLineError'
}

/** What a line says; null for kinds unknown to us. Throws AssignmentLineError. */
export function parseAssignmentLine(text: string): AssignmentLine | null {
  const line = new JsonLine(text)
  const kind = line.text('kind')
  switch (kind) {
    case 'pod':
      return {
        kind,
        ...holder(line),
        namespace: line.text('namespace'),
        name: line.text('name'),
        workload: line.optionalText('workload'),
        labels: line.labels(),
        node: line.optionalText('node'),
        hostNetwork: line.flag('hostNetwork'),
      }
    case 'node':
      return { kind, ...holder(line), name: line.text('name') }
    case 'interface': {
      const held = holder(line)
      return {
        kind,
        ...held,
        name: line.optionalText('name') ?? held.uid,
        service: line.optionalText('service'),
      }
    }
    case 'subnet':
      return { kind, ...sighting(line), cidr: line.cidr(), zone: line.text('zone') as ZoneId }
    case 'zone':
      return { kind, ...sighting(line), name: line.text('name') }
    default:
      return null
  }
}

function sighting(line: JsonLine): Sighting {
  return { uid: line.text('uid'), seen: line.instant('seen') }
}

function holder(line: JsonLine): Holder {
  return {
    ...sighting(line),
    addresses: line.addresses(),
    from: line.instant('from'),
    until: line.until(),
    instance: line.optionalText('instance'),
    zone: line.optionalText('zone') as ZoneId | null,
  }
}

class JsonLine {
  readonly #members: Readonly<Record<string, unknown>>

  constructor(text: string) {
    let value: unknown
    try {
      value = JSON.parse(text)
    } catch (cause) {
      throw new AssignmentLineError(`isn't JSON: ${show(text)}`, { cause })
    }
    if (!isObject(value)) throw new AssignmentLineError(`isn't a JSON object: ${show(text)}`)
    this.#members = value
  }

  // A member of the line's own, never one that every JavaScript object inherits.
  #member(key: string): unknown {
    return Object.hasOwn(this.#members, key) ? this.#members[key] : undefined
  }

  #fail(key: string, expected: string): AssignmentLineError {
    const value = this.#member(key)
    const got = value === undefined ? 'nothing' : show(jsonOf(value))
    return new AssignmentLineError(`has a bad "${key}": expected ${expected}, got ${got}`)
  }

  text(key: string): string {
    const value = this.#member(key)
    if (!isText(value) || value === '') throw this.#fail(key, 'a text')
    return value
  }

  optionalText(key: string): string | null {
    const value = this.#member(key) ?? null
    if (value === null || value === '') return null
    if (!isText(value)) throw this.#fail(key, 'a text or null')
    return value
  }

  flag(key: string): boolean {
    const value = this.#member(key) ?? false
    if (typeof value !== 'boolean') throw this.#fail(key, 'true or false')
    return value
  }

  instant(key: string): UnixMillis {
    const value = this.#member(key)
    const millis = typeof value === 'string' ? parseInstant(value) : null
    if (millis === null) throw this.#fail(key, 'a time like 2024-05-01T09:12:03Z')
    return millis
  }

  until(): UnixMillis {
    return (this.#member('until') ?? null) === null ? (Infinity as UnixMillis) : this.instant('until')
  }

  addresses(): readonly Address[] {
    const value = this.#member('addresses')
    if (!Array.isArray(value)) throw this.#fail('addresses', 'a list of IP addresses')
    return value.map((text: unknown) => {
      const address = typeof text === 'string' ? parseAddress(text) : null
      if (address === null) throw this.#fail('addresses', 'a list of IP addresses')
      return address
    })
  }

  labels(): ReadonlyMap<string, string> {
    const value = this.#member('labels') ?? null
    if (value === null) return new Map()
    if (!isObject(value)) throw this.#fail('labels', 'an object of texts')
    const labels = new Map<string, string>()
    for (const [key, label] of Object.entries(value)) {
      if (typeof label !== 'string') continue
      if (!isText(label)) throw this.#fail('labels', 'an object of texts')
      labels.set(key, label)
    }
    return labels
  }

  cidr(): Cidr {
    const value = this.#member('cidr')
    const cidr = typeof value === 'string' ? parseCidr(value) : null
    if (cidr === null) throw this.#fail('cidr', 'a block like 10.0.0.0/18')
    return cidr
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

// JSON's escapes can spell half a surrogate pair, which has no UTF-8: no row could say it.
function isText(value: unknown): value is string {
  return typeof value === 'string' && value.isWellFormed()
}

// JSON.parse takes what is nested deeper than JSON.stringify can go.
function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value)
  } catch {
    return 'a value too deep to show'
  }
}

// The log may be a stranger's: shown cut short, with everything but printable ASCII escaped.
function show(text: string): string {
  const short = text.length > 120 ? `${text.slice(0, 120)}…` : text
  return short.replace(/[^\u0020-\u007e…]/g, unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
