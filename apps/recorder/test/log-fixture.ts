// What the tests of the log share: a log in a folder of its own, a clock that stands still, lines, and the log read back.

import { existsSync, mkdirSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { parseAssignmentLine, type AssignmentLine, type PodLine } from '@zonetoll/assignments'
import {
  parseAddress,
  parseInstant,
  type Address,
  type Hour,
  type UnixMillis,
  type ZoneId,
} from '@zonetoll/model'
import { hourPartition, openLocation, readLines, type Location, type ObjectStore } from '@zonetoll/objects'

import { InMemoryBook } from '../src/book-in-memory.ts'
import { Delivery } from '../src/log-delivery.ts'
import { LogWriter, LOOK_BACK_HOURS } from '../src/log-writer.ts'
import { foldPartitions, newestPartitions } from '../src/partition-restore.ts'
import { SpillFolder } from '../src/spill-folder.ts'

export const CLUSTER = 'demo'

/** A folder in memory where the machine has such: the tests sync thousands of files. */
export async function scratchFolder(): Promise<{
  readonly path: string
  readonly remove: () => Promise<void>
}> {
  const path = await mkdtemp(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'zonetoll-'))
  return { path, remove: () => rm(path, { recursive: true, force: true }) }
}

export function at(text: string): UnixMillis {
  const millis = parseInstant(text)
  if (millis === null) throw new Error(`${text} isn't an instant`)
  return millis
}

export function addressOf(text: string): Address {
  const address = parseAddress(text)
  if (address === null) throw new Error(`${text} isn't an address`)
  return address
}

export function podLine(uid: string, parts: Partial<Omit<PodLine, 'kind' | 'uid'>> = {}): PodLine {
  return {
    kind: 'pod',
    uid,
    addresses: [addressOf('10.0.1.5')],
    from: at('2024-05-01T09:00:00Z'),
    until: Infinity as UnixMillis,
    seen: at('2024-05-01T10:00:00Z'),
    namespace: 'shop',
    name: uid,
    workload: null,
    labels: new Map(),
    node: null,
    instance: null,
    zone: 'use2-az1' as ZoneId,
    hostNetwork: false,
    ...parts,
  }
}

/** A recorder's log side without timers: everything happens when the test says so. */
export interface TestLog {
  readonly book: InMemoryBook
  readonly writer: LogWriter
  readonly delivery: Delivery
  /** Flushes and delivers: whether everything is in the store. */
  flush(): Promise<boolean>
}

export interface TestLogOptions {
  readonly location: Location
  readonly store?: ObjectStore
  readonly spill: string
  readonly clock: () => UnixMillis
  readonly warn?: (message: string) => void
  readonly memoryBytes?: number
  readonly memoryMillis?: number
}

/** Starts as the recorder does: what was left on disk is delivered, then the newest partitions are read back. */
export async function startLog(options: TestLogOptions): Promise<TestLog> {
  const { clock, location, spill } = options
  const warn = options.warn ?? (message => expectNothingSaid(message))
  const delivery = new Delivery({
    store: options.store ?? location.store,
    spill: new SpillFolder(spill, location.uri),
    clock,
    warn,
    memoryBytes: options.memoryBytes ?? 2 ** 20,
    memoryMillis: options.memoryMillis ?? 60_000,
  })
  await delivery.deliver()
  const book = new InMemoryBook()
  const reading = { location, cluster: CLUSTER, warn }
  const partitions = await newestPartitions(clock(), LOOK_BACK_HOURS, reading)
  const fold = await foldPartitions(partitions, reading)
  book.restore(fold.lines, fold.lastSeen)
  const restored = partitions[0]?.hour ?? null
  const before = partitions[1]?.hour ?? null
  const first = before !== null && before + 3600 === restored ? before : restored
  const writer = new LogWriter({ book, delivery, location, cluster: CLUSTER, clock, first, restored })
  const flush = async () => {
    await writer.flush()
    const done = await delivery.deliver()
    await delivery.spill()
    return done
  }
  return { book, writer, delivery, flush }
}

function expectNothingSaid(message: string): never {
  throw new Error(`a warning where none was expected: ${message}`)
}

/** Every line of the hour's partition, object by object in the order of names. */
export async function partitionLines(location: Location, hour: Hour): Promise<AssignmentLine[]> {
  const lines: AssignmentLine[] = []
  for (const { texts } of await partitionObjects(location, hour)) {
    for (const text of texts) lines.push(parseAssignmentLine(text)!)
  }
  return lines
}

export async function partitionObjects(
  location: Location,
  hour: Hour,
): Promise<{ key: string; texts: string[] }[]> {
  const objects: { key: string; texts: string[] }[] = []
  for await (const entry of location.store.list(location.prefix + hourPartition(CLUSTER, hour))) {
    if (!('object' in entry) || !entry.object.key.endsWith('.ndjson.gz')) continue
    const texts: string[] = []
    for await (const batch of readLines(location.store, entry.object)) texts.push(...batch)
    objects.push({ key: entry.object.key, texts })
  }
  return objects
}

export function folderLocation(path: string): Location {
  const log = join(path, 'log')
  mkdirSync(log, { recursive: true })
  return openLocation(log)
}
