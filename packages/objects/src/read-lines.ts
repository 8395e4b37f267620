// An object's content as lines of text, a batch of them for each chunk of bytes: an await costs more than a line.
//
// Lines end in LF or CR LF; the last may lack its end. Bytes that aren't UTF-8 become U+FFFD. A line has a greatest
// length, so that an object without line ends can't fill the memory.

import split from 'split2'

import { ContentError } from './content-error.ts'
import { readBytes } from './read-bytes.ts'
import type { CallOptions, ObjectStore, StoredObject } from './store.ts'

const MAX_LINE_LENGTH = 1024 * 1024

export interface LineOptions extends CallOptions {
  /** In UTF-16 units, 1,048,576 if not given. */
  readonly maxLength?: number
}

/**
 * The lines in order, in batches that are never empty; empty lines are lines, so counting gives line numbers. Throws
 * what readBytes throws, and ContentError 'longLine'.
 */
export async function* readLines(
  store: ObjectStore,
  object: StoredObject,
  options: LineOptions = {},
): AsyncGenerator<readonly string[]> {
  const { maxLength = MAX_LINE_LENGTH, signal } = options
  const tooLong = (line: number) => {
    const problem = `has a line ${line} that is longer than ${maxLength} characters`
    return new ContentError('longLine', store.describe(object.key), problem)
  }
  let lines = 0
  let batch: string[] = []
  // The mapper keeps the lines: nothing goes on through the stream, and all of a chunk's are there when its write is
  // done.
  const splitter = split(
    line => {
      lines++
      if (line.length > maxLength) throw tooLong(lines)
      batch.push(line)
    },
    { maxLength },
  )
  splitter.on('error', () => {})
  const taken = () => {
    const full = batch
    batch = []
    return full
  }
  try {
    for await (const chunk of readBytes(store, object, { signal })) {
      await settled(
        done => splitter.write(chunk, done),
        tooLong,
        () => lines + 1,
      )
      if (batch.length > 0) yield taken()
    }
    await settled(
      done => splitter.end(done),
      tooLong,
      () => lines + 1,
    )
    if (batch.length > 0) yield taken()
  } finally {
    splitter.destroy()
  }
}

// split2's own error is that the line it is in has become too long.
function settled(
  start: (done: (error?: Error | null) => void) => void,
  tooLong: (line: number) => ContentError,
  line: () => number,
): Promise<void> {
  return new Promise((resolve, reject) => {
    start(error => {
      if (!error) resolve()
      else reject(error instanceof ContentError ? error : tooLong(line()))
    })
  })
}
