// From URIs of options to locations, and the bundled sample that stands in where none are given.

import { fileURLToPath } from 'node:url'
import { UsageError } from '@zonetoll/command'
import { openLocation, StoreError, type Location } from '@zonetoll/objects'

const bundled = fileURLToPath(new URL('../../sample/bundled/', import.meta.url))

/** Where the bundled sample lies. */
export const SAMPLE = { logs: `${bundled}logs`, assignments: `${bundled}assignments` }

/** Opens nothing yet. Throws UsageError naming the option. */
export function locationOf(option: string, uri: string, roleArn?: string): Location {
  try {
    return openLocation(uri, roleArn === undefined ? {} : { roleArn })
  } catch (cause) {
    if (!(cause instanceof StoreError)) throw cause
    throw new UsageError(`${option}: ${cause.message}`, { cause })
  }
}
