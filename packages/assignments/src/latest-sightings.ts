// Of all lines of one kind and uid the one seen last, whole: the fold of an assignment log.
//
// The order of lines doesn't matter, nor how many recorders wrote them: two lines seen at one moment that say
// different things are told apart by what they say.

import { compareText } from '@zonetoll/model'
import type { AssignmentLine } from './assignment-line.ts'

export class LatestSightings {
  readonly #latest = new Map<string, AssignmentLine>()

  add(line: AssignmentLine): void {
    const key = `${line.kind}/${line.uid}`
    const known = this.#latest.get(key)
    if (known === undefined || isLater(line, known)) this.#latest.set(key, line)
  }

  /** Each thing once, in no particular order. */
  lines(): IterableIterator<AssignmentLine> {
    return this.#latest.values()
  }
}

function isLater(line: AssignmentLine, known: AssignmentLine): boolean {
  if (line.seen !== known.seen) return line.seen > known.seen
  return contentOf(line) > contentOf(known)
}

function contentOf(line: AssignmentLine): string {
  return JSON.stringify(line, (_key, value: unknown) =>
    value instanceof Map ? [...value].sort(([a], [b]) => compareText(String(a), String(b))) : value,
  )
}
