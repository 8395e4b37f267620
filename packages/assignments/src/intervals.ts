// The intervals in which one address was held by endpoints of one kind: disjoint, sorted, half-open.
//
//   10.0.1.5   |--- cart-a ---)      |--- cart-b ---------------)
//                               [window)         -> cart-a, if it let go at most 60 s before the window's start

import type { UnixMillis } from '@zonetoll/model'

/** One address held by one endpoint during [from, until). */
export interface Claim {
  readonly endpoint: number
  readonly from: UnixMillis
  readonly until: UnixMillis
  /** Which of two claims that begin together is the later one. */
  readonly seen: UnixMillis
  readonly uid: string
}

export interface Disjoint {
  readonly claims: readonly Claim[]
  /** How many claims had to end where a later one began. */
  readonly cut: number
}

/** The claims of one address and kind, each ended where a later one begins; those that held at no moment are left out. */
export function disjoin(claims: readonly Claim[]): Disjoint {
  const sorted = claims.filter(claim => claim.from < claim.until)
  // Of those that begin together the one that goes on is the later one, then the one seen last.
  sorted.sort(
    (a, b) =>
      a.from - b.from ||
      compareEnds(a.until, b.until) ||
      a.seen - b.seen ||
      (a.uid < b.uid ? -1 : a.uid > b.uid ? 1 : 0),
  )
  let cut = 0
  const kept: Claim[] = []
  for (const [at, claim] of sorted.entries()) {
    const next = sorted[at + 1]
    if (next === undefined || next.from >= claim.until) {
      kept.push(claim)
    } else {
      cut++
      if (next.from > claim.from) kept.push({ ...claim, until: next.from })
    }
  }
  return { claims: kept, cut }
}

// Infinity less Infinity is no number.
function compareEnds(a: number, b: number): number {
  return a < b ? -1 : a > b ? 1 : 0
}
