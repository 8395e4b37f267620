// An assignment line as text: the inverse of parseAssignmentLine, one text for one line.
//
// Keys come in the order of the contract's examples (section 3); what a line doesn't know is left out, but for `until`,
// whose null says that it still held. Times have milliseconds only where they aren't whole seconds.

import { compareText, formatAddress, type Address, type UnixMillis } from '@zonetoll/model'
import type { AssignmentLine, InterfaceLine, NodeLine, PodLine } from './assignment-line.ts'
import type { Cidr } from './cidr.ts'

/** The line without a line end. Throws RangeError for times outside of the years 0 to 9999. */
export function formatAssignmentLine(line: AssignmentLine): string {
  return JSON.stringify(membersOf(line))
}

function membersOf(line: AssignmentLine): object {
  const { kind, uid } = line
  const seen = formatInstant(line.seen)
  switch (line.kind) {
    case 'pod':
      return {
        ...heldMembers(line),
        namespace: line.namespace,
        name: line.name,
        ...(line.workload === null ? {} : { workload: line.workload }),
        ...(line.labels.size === 0 ? {} : { labels: labelMembers(line.labels) }),
        ...(line.node === null ? {} : { node: line.node }),
        ...placeMembers(line),
        ...(line.hostNetwork ? { hostNetwork: true } : {}),
      }
    case 'node':
      return { ...heldMembers(line), name: line.name, ...placeMembers(line) }
    case 'interface':
      return {
        ...heldMembers(line),
        name: line.name,
        ...(line.service === null ? {} : { service: line.service }),
        ...placeMembers(line),
      }
    case 'subnet':
      return { kind, uid, cidr: formatCidr(line.cidr), seen, zone: line.zone }
    case 'zone':
      return { kind, uid, name: line.name, seen }
  }
}

function heldMembers(line: PodLine | NodeLine | InterfaceLine): object {
  return {
    kind: line.kind,
    uid: line.uid,
    addresses: line.addresses.map(formatAddress),
    from: formatInstant(line.from),
    until: line.until === Infinity ? null : formatInstant(line.until),
    seen: formatInstant(line.seen),
  }
}

function placeMembers({ instance, zone }: PodLine | NodeLine | InterfaceLine): object {
  return { ...(instance === null ? {} : { instance }), ...(zone === null ? {} : { zone }) }
}

// fromEntries defines members, it doesn't set them: a label named __proto__ is a label too.
function labelMembers(labels: ReadonlyMap<string, string>): object {
  const sorted = [...labels].sort(([a], [b]) => compareText(a, b))
  return Object.fromEntries(sorted)
}

const INSTANT = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})\.(\d{3})Z$/

function formatInstant(millis: UnixMillis): string {
  const parts = INSTANT.exec(new Date(millis).toISOString())
  if (parts === null) throw new RangeError(`${millis} ms is outside of the years 0 to 9999`)
  return parts[2] === '000' ? `${parts[1]}Z` : `${parts[1]}.${parts[2]}Z`
}

function formatCidr({ family, first, prefix }: Cidr): string {
  return `${formatAddress({ family, words: first } as unknown as Address)}/${prefix}`
}
