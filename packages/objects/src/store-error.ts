// What can go wrong between a URI and its bytes. The message says which URI, what happened and what to do; `reason`
// is for callers that branch on it. The cause is kept for debugging and isn't part of the message, except for what
// an S3 server says about a refusal.

export type StoreProblem =
  /** The URI, or a setting of the store, isn't one. */
  | 'badUri'
  /** The key can't be one of this store. */
  | 'badKey'
  | 'missingBucket'
  | 'missingFolder'
  | 'missingObject'
  | 'noCredentials'
  /** Credentials are wrong, expired or don't allow it; or the file's permissions don't. */
  | 'refused'
  | 'wrongRegion'
  | 'unreachable'
  /** The server answers that it can't serve now, each time it is asked. */
  | 'busy'
  /** The server doesn't know what is asked of it. */
  | 'notSupported'
  /** The server has no room for what is written. */
  | 'full'
  /** The object isn't the one that was listed, or changes while it is read. */
  | 'changed'
  /** A write that expected something else under its key. */
  | 'conflict'
  /** The body ends early, again and again. */
  | 'cut'
  /** No byte and no answer came for too long, again and again. */
  | 'stalled'
  /** The object is in an archive class that can't be read at once. */
  | 'archived'
  /** Looking for objects took more lists than allowed. */
  | 'tooManyFolders'
  /** Anything else, a full disk for one. */
  | 'failed'

export class StoreError extends Error {
  readonly reason: StoreProblem

  constructor(reason: StoreProblem, message: string, cause?: unknown) {
    super(onOneLine(message), cause === undefined ? undefined : { cause })
    this.name = 'StoreError'
    this.reason = reason
  }
}

/** A message is one line: a line feed in a key or path must not begin another. */
export function onOneLine(message: string): string {
  return message.replaceAll('\n', String.raw`\u{a}`)
}

/** A write that found something else under its key than it expected. */
export function conflict(uri: string, cause?: unknown): StoreError {
  const what = `${uri} isn't what it was when it was looked at: another run wrote it meanwhile`
  return new StoreError('conflict', `${what}; run again when none does`, cause)
}

/** A text of a server or system as part of a message: one line, no control characters, not endless. */
export function oneLine(text: string): string {
  const line = text
    .replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ')
    .replaceAll(/ {2,}/g, ' ')
    .trim()
  return line.length > 300 ? `${line.slice(0, 300)}…` : line
}
