// A thread that reads objects: the same reader as on the main thread, asked and answering by message.

import { parentPort, workerData } from 'node:worker_threads'
import { openLocation, type ObjectStore } from '@zonetoll/objects'
import { Attribution } from '@zonetoll/rollup'
import { ObjectReader } from './object-reader.ts'
import type { Answer, Ask, ThreadData, ThreadObject } from './reading-threads.ts'

const { settings, attribution } = workerData as ThreadData
const reader = new ObjectReader(settings, new Attribution(attribution))
const stores = new Map<string, ObjectStore>()
const stop = new AbortController()

parentPort!.on('message', (ask: Ask) => {
  if (ask.ask === 'stop') stop.abort()
  else if (ask.ask === 'totals') answer({ answer: 'totals', columns: reader.totals.columns })
  else void read(ask.id, ask.object)
})

async function read(id: number, object: ThreadObject): Promise<void> {
  try {
    const logObject = { ...object, store: storeOf(object.location) }
    const onRecords = (records: number) => answer({ answer: 'records', records })
    answer({ answer: 'read', id, read: await reader.read(logObject, stop.signal, onRecords) })
  } catch (error) {
    const { message, stack = '' } = error instanceof Error ? error : new Error(String(error))
    answer({ answer: 'failed', id, message, stack })
  }
}

function storeOf(uri: string): ObjectStore {
  let store = stores.get(uri)
  if (store === undefined) {
    store = openLocation(uri).store
    stores.set(uri, store)
  }
  return store
}

function answer(message: Answer): void {
  parentPort!.postMessage(message)
}
