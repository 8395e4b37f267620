// Whether two lines of one thing say the same, `seen` aside: then there is nothing to write.

import type { AssignmentLine, InterfaceLine, NodeLine, PodLine } from '@zonetoll/assignments'
import type { Address } from '@zonetoll/model'

export type HolderLine = PodLine | NodeLine | InterfaceLine

/** Whether the line is of a kind that holds addresses for an interval. */
export function isHolder(line: AssignmentLine): line is HolderLine {
  return line.kind === 'pod' || line.kind === 'node' || line.kind === 'interface'
}

/** Whether two lines of one kind and uid differ in nothing but `seen`. */
export function saysTheSame(a: AssignmentLine, b: AssignmentLine): boolean {
  if (a.kind === 'pod' && b.kind === 'pod') {
    return (
      heldAlike(a, b) &&
      a.namespace === b.namespace &&
      a.workload === b.workload &&
      a.node === b.node &&
      a.hostNetwork === b.hostNetwork &&
      sameLabels(a.labels, b.labels)
    )
  }
  if (a.kind === 'node' && b.kind === 'node') return heldAlike(a, b)
  if (a.kind === 'interface' && b.kind === 'interface') return heldAlike(a, b) && a.service === b.service
  if (a.kind === 'zone' && b.kind === 'zone') return a.name === b.name
  if (a.kind !== 'subnet' || b.kind !== 'subnet') return false
  const [left, right] = [a.cidr, b.cidr]
  return a.zone === b.zone && left.prefix === right.prefix && sameWords(left.first, right.first)
}

/** Whether the lists name the same addresses in the same order. */
export function sameAddresses(a: readonly Address[], b: readonly Address[]): boolean {
  if (a === b) return true
  return a.length === b.length && a.every((address, at) => sameWords(address.words, b[at]!.words))
}

function heldAlike(a: HolderLine, b: HolderLine): boolean {
  return (
    a.name === b.name &&
    a.from === b.from &&
    a.until === b.until &&
    a.instance === b.instance &&
    a.zone === b.zone &&
    sameAddresses(a.addresses, b.addresses)
  )
}

// IPv4 has one word, IPv6 four: the length tells the families apart.
function sameWords(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((word, at) => word === b[at])
}

function sameLabels(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  if (a === b) return true
  if (a.size !== b.size) return false
  for (const [key, value] of a) if (b.get(key) !== value) return false
  return true
}
