// Objects that can't be delivered now, kept on disk: they outlive the process, and the memory stays small.
//
//   <spill>/<log>/cluster=…/dt=…/hour=…/20240501T100500.123Z-9f86d081-000042.ndjson.gz
//
// <log> is drawn from the log's URI, so that one folder may serve several logs. Below it keys are as in the log, and
// names sort in the order in which they were made (partition-object.ts): that is the order of delivery. Each file is
// whole or not there. Two recorders may share the folder: both may deliver a file, the same bytes under the same key.

import { createHash } from 'node:crypto'
import { join } from 'node:path'

import { compareKeys, openLocation, StoreError, type ObjectStore, type StoredObject } from '@zonetoll/objects'

export interface UndeliveredObject {
  readonly key: string
  readonly bytes: Uint8Array
}

export class SpillFolder {
  readonly #store: ObjectStore

  /** Below `folder`, which needn't exist. `logUri` says which log the objects belong to. */
  constructor(folder: string, logUri: string) {
    const log = createHash('sha256').update(logUri).digest('hex').slice(0, 16)
    this.#store = openLocation(join(folder, log)).store
  }

  /** Where it lies, for messages. */
  get path(): string {
    return this.#store.describe('')
  }

  /** Throws StoreError where the disk refuses. */
  async keep({ key, bytes }: UndeliveredObject): Promise<void> {
    await this.#store.write(key, bytes)
  }

  /** What waits there, in the order of delivery. Empty where the folder doesn't exist. */
  async waiting(): Promise<StoredObject[]> {
    const objects: StoredObject[] = []
    try {
      for await (const entry of this.#store.list('')) {
        if ('object' in entry && entry.object.key.endsWith('.ndjson.gz')) objects.push(entry.object)
      }
    } catch (error) {
      if (!(error instanceof StoreError && error.reason === 'missingFolder')) throw error
    }
    return objects.sort((a, b) => compareKeys(nameOf(a.key), nameOf(b.key)))
  }

  /** Null where it is gone by now: someone else delivered it. */
  async read(object: StoredObject): Promise<UndeliveredObject | null> {
    const chunks: Uint8Array[] = []
    try {
      for await (const chunk of this.#store.read(object)) chunks.push(new Uint8Array(chunk))
    } catch (error) {
      if (error instanceof StoreError && error.reason === 'missingObject') return null
      throw error
    }
    return { key: object.key, bytes: Buffer.concat(chunks) }
  }

  /** Nothing there is no error. */
  async remove(key: string): Promise<void> {
    await this.#store.delete(key)
  }
}

function nameOf(key: string): string {
  return key.slice(key.lastIndexOf('/') + 1)
}
