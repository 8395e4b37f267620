// A thread that reads objects: the same reader as on the main thread, asked and answering by message.

import { parentPort, workerData } from 'node:worker_threads'
import { openLocation, type ObjectStore } from '@zonetoll/objects'
import { Attribution, type HourColumns } from '@zonetoll/rollup'
import { ObjectReader } from './object-reader.ts'
import type { Answer, Ask, ThreadData, ThreadObject } from './reading-threads.ts'

const { settings, attribution } = workerData as ThreadData
const reader = new ObjectReader(settings, new Attribution(attribution))
const stores = new Map<string, ObjectStore>()
const stop = new AbortController()

parentPort!.on('message', (ask: Ask) => {
  if (ask.ask === 'stop') stop.abort()
  else if (ask.ask === 'totals') handOver(reader.totals.columns)
  else void read(ask.id, ask.object)
})

async function read(id: number, object: ThreadObject): Promise<void> {
  try {
    const logObject = { ...object, store: storeOf(object) }
    const onRecords = (records: number) => answer({ answer: 'records', records })
    answer({ answer: 'read', id, read: await reader.read(logObject, stop.signal, onRecords) })
  } catch (error) {
    const { message, stack = '' } = error instanceof Error ? error : new Error(String(error))
    answer({ answer: 'failed', id, message, stack })
  }
}

function storeOf({ location, roleArn }: ThreadObject): ObjectStore {
  const asked = `${roleArn ?? ''} ${location}`
  let store = stores.get(asked)
  if (store === undefined) {
    store = openLocation(location, roleArn === undefined ? {} : { roleArn }).store
    stores.set(asked, store)
  }
  return store
}

// The tables' memory goes along, and isn't copied: it is the last that this thread is asked.
function handOver(columns: HourColumns): void {
  const { accounts, pairs, zonePairs } = columns
  const buffers = [accounts, pairs.totals, zonePairs.totals].map(({ sums }) => sums.buffer as ArrayBuffer)
  answer({ answer: 'totals', columns }, buffers)
}

function answer(message: Answer, transfer: readonly ArrayBuffer[] = []): void {
  parentPort!.postMessage(message, transfer)
}
