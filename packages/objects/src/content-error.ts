// What can be wrong with an object's bytes themselves: reading it again gives the same, leaving it out helps.
// What is wrong with getting them is a StoreError.

import { onOneLine } from './store-error.ts'

export type ContentProblem =
  /** Nothing of it is gzip. */
  | 'notGzip'
  /** It ends in the middle of a gzip member. */
  | 'cutGzip'
  /** The compressed data, or its checksum, is wrong. */
  | 'damagedGzip'
  /** Something that isn't gzip follows the last member. */
  | 'trailingBytes'
  | 'longLine'

export class ContentError extends Error {
  readonly reason: ContentProblem
  /** What the message says behind the URI and before the remedy: `ends in the middle of a gzip member`. */
  readonly problem: string

  constructor(reason: ContentProblem, uri: string, problem: string, cause?: unknown) {
    super(
      onOneLine(`${uri} ${problem}; replace the object or leave it out`),
      cause === undefined ? undefined : { cause },
    )
    this.name = 'ContentError'
    this.reason = reason
    this.problem = problem
  }
}
