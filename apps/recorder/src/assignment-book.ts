// The book: what the recorder believes holds which address now, and what it has to write of it.
//
// Watchers put in what they see; the log takes out what changed. Both work on assignment lines (contract, section 3).

import type { AssignmentLine } from '@zonetoll/assignments'
import type { UnixMillis } from '@zonetoll/model'

export type HolderKind = 'pod' | 'node' | 'interface'

/** What a watcher says to the book. Every line carries when it was seen. */
export interface AssignmentBook {
  /** A thing is as this line says: new, changed, or (with `until` set) over. */
  put(line: AssignmentLine): void
  /** A thing is gone: it held until then. Unknown ones are ignored. */
  release(kind: HolderKind, uid: string, until: UnixMillis, seen: UnixMillis): void
  /**
   * These lines are all there is of a kind: what the book has beyond them vanished unseen and is closed at `seen`,
   * the moment it was found gone.
   */
  replace(kind: AssignmentLine['kind'], lines: readonly AssignmentLine[], seen: UnixMillis): void
}
