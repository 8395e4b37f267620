// A whole data set on disk: flow logs, assignment log, and the truth about both.
//
//   DIR/logs/AWSLogs/…/*.log.gz            DIR/assignments/cluster=…/dt=…/hour=…/*.ndjson.gz          DIR/truth.json
//
// Everything is made in a folder of its own inside DIR and moved to its place at the end, the truth last: a run that
// is interrupted or fails leaves what stood. Several objects are written at a time, one packed on each of libuv's
// threads; each draws from a stream of its own, so the bytes don't depend on how many, nor on which is done first.

import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { RunError } from '@zonetoll/command'
import type { Hour } from '@zonetoll/model'
import { assignmentHour, lineFiller } from './assignment-log.ts'
import { Churn } from './churn.ts'
import { buildCluster } from './cluster.ts'
import { writeGzipFile } from './gzip-file.ts'
import { hasField, LineWriter, type FieldCount } from './line-writer.ts'
import { ObjectLines, type LineSource } from './object-lines.ts'
import { planObjects, type Layout, type ObjectPlan } from './objects.ts'
import type { PairTable } from './pair-table.ts'
import { Random } from './random.ts'
import { Sizes } from './sizes.ts'
import { SlotTraffic, steadyChoice } from './slot-traffic.ts'
import { Traffic, type ChangingTraffic } from './traffic.ts'
import { formatTruth, Truth, type TruthFile } from './truth.ts'
import { WeightedChoice } from './weighted-choice.ts'

export interface SampleOptions {
  readonly out: string
  /** Pods with an address of their own, at any one time. */
  readonly pods: number
  /** Lines of all objects, header lines apart. */
  readonly records: number
  /** At least one an hour. */
  readonly objects: number
  readonly start: Hour
  readonly hours: number
  /** 0 to 2^32 - 1. */
  readonly seed: number
  /** About how many peers a pod sends to. */
  readonly peers: number
  readonly fields: FieldCount
  /** Share of lines with an address that nobody known held. */
  readonly unknown: number
  /** Share of pods whose address another pod takes over, each hour. */
  readonly reuse: number
  /** Share of pods with an IPv6 address too. */
  readonly ipv6: number
  readonly cluster: string
  readonly layout: Layout
  /** gzip's, 1 to 9. */
  readonly level: number
  readonly malformed: number
  /** Whether a data set that stands in the folder gives way. */
  readonly replace: boolean
}

export interface SampleProgress {
  /** So many lines have been made, of so many objects that are done. */
  report(lines: number, objects: number): void
}

export interface SampleSummary {
  readonly truth: TruthFile
  readonly objects: number
  readonly lines: number
  /** Bytes of flow logs, unpacked and as stored. */
  readonly textBytes: number
  readonly storedBytes: number
  readonly assignmentFiles: number
}

const HOUR = 3600
const PARTS = ['logs', 'assignments', 'truth.json'] as const
const STAGE = '.unfinished-sample'
// Packing takes a thread each; the lines are all made on this one.
const OBJECTS_AT_A_TIME = 4

/** Throws RunError where the folder isn't free. */
export async function writeSample(
  options: SampleOptions,
  signal: AbortSignal = new AbortController().signal,
  progress: SampleProgress = { report() {} },
): Promise<SampleSummary> {
  await prepare(options)
  const stage = join(options.out, STAGE)
  try {
    const summary = await writeParts(options, stage, signal, progress)
    signal.throwIfAborted()
    await publish(options.out, stage)
    return summary
  } finally {
    await rm(stage, { recursive: true, force: true })
  }
}

// The truth of what stood goes first and the new one's comes last: between them there is no data set.
async function publish(out: string, stage: string): Promise<void> {
  const replaced = join(stage, 'replaced')
  await mkdir(replaced)
  for (const part of PARTS.toReversed()) {
    try {
      await rename(join(out, part), join(replaced, part))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
  }
  for (const part of PARTS) await rename(join(stage, part), join(out, part))
}

// Only what a sample's truth stands beside is a sample, and may be replaced.
async function prepare({ out, replace }: SampleOptions): Promise<void> {
  await mkdir(out, { recursive: true })
  const names = new Set<string>(await readdir(out))
  const taken = PARTS.filter(part => names.has(part))
  if (taken.length > 0 && !(replace && names.has('truth.json'))) {
    const remedy = names.has('truth.json')
      ? 'say --replace to put a new one in its place'
      : 'name another folder'
    throw new RunError(`${out} has ${taken.join(', ')} already: ${remedy}`)
  }
  await rm(join(out, STAGE), { recursive: true, force: true })
}

async function writeParts(
  options: SampleOptions,
  stage: string,
  signal: AbortSignal,
  progress: SampleProgress,
): Promise<SampleSummary> {
  const { seed, start, hours, level, fields } = options
  const cluster = buildCluster(options, Random.of(seed, 'cluster'))
  const churn = new Churn(seed, cluster, start, hours)
  const relays = hasField(fields, 'interface-id')
  const traffic = new Traffic({ seed, peers: options.peers, relays, ipv6: options.ipv6 > 0 }, cluster)
  const truth = new Truth(start, hours)
  const gzip = { level, signal }

  let assignmentFiles = 0
  for (let hour = 0; hour < hours; hour++) {
    const partition = assignmentHour(options, cluster, churn, hour)
    truth.setCutAssignments(hour, partition.cutAssignments)
    for (const { key, lines } of partition.files) {
      await writeGzipFile(join(stage, 'assignments', key), lineFiller(lines()), gzip)
      assignmentFiles++
    }
  }

  const steady = steadyChoice(traffic)
  const unknown = new WeightedChoice(traffic.unknown.weight, traffic.unknown.size)
  const source: LineSource = {
    traffic,
    sizes: new Sizes(seed),
    truth,
    writer: new LineWriter(fields, cluster, traffic.addresses),
    interfaces: cluster.interfaces.length,
    unknownChance: unknownChance(options.unknown, traffic),
    tellsRejected: hasField(fields, 'action'),
    tellsPackets: hasField(fields, 'packets'),
  }
  const changing = new HourCache(hour => traffic.changing(hour, churn))
  const plans = planObjects(options)
  let textBytes = 0
  let storedBytes = 0
  let linesMade = 0
  let objectsDone = 0
  const write = async (plan: ObjectPlan) => {
    const hour = Math.floor((plan.from - start) / HOUR)
    const ofHour = hour >= 0 && hour < hours ? changing.get(hour) : null
    const slot = new SlotTraffic(steady, ofHour, plan, hasField(fields, 'end'))
    const lines = new ObjectLines(
      plan,
      slot,
      source,
      random => unknown.draw(random),
      Random.of(seed, 'object', plan.index),
    )
    const fill = (buffer: Uint8Array) => {
      const before = lines.written
      const length = lines.fill(buffer)
      linesMade += lines.written - before
      progress.report(linesMade, objectsDone)
      return length
    }
    const { text, size } = await writeGzipFile(join(stage, 'logs', plan.key), fill, gzip)
    textBytes += text
    storedBytes += size
    objectsDone++
  }
  await someAtATime(plans, OBJECTS_AT_A_TIME, write)

  const file = truth.toFile(options.cluster, traffic.identityPairs)
  await writeFile(join(stage, 'truth.json'), formatTruth(file))
  return { truth: file, objects: plans.length, lines: linesMade, textBytes, storedBytes, assignmentFiles }
}

// The chance that a draw is of an unknown end which makes the share of lines the one asked for: what is drawn has
// copies, known ends more than unknown ones.
function unknownChance(share: number, { steady, unknown }: Traffic): number {
  const ofKnown = linesADraw(steady)
  const ofUnknown = linesADraw(unknown)
  return (share * ofKnown) / (share * ofKnown + (1 - share) * ofUnknown)
}

function linesADraw({ weight, receiver, relay, size }: PairTable): number {
  let lines = 0
  let total = 0
  for (let pair = 0; pair < size; pair++) {
    total += weight[pair]!
    lines += weight[pair]! * (1 + (receiver[pair]! < 0 ? 0 : 1) + (relay[pair]! < 0 ? 0 : 1))
  }
  return lines / total
}

// Objects are begun in the order of their slots, so no more than two hours are at hand at once.
class HourCache {
  readonly #make: (hour: number) => ChangingTraffic
  readonly #made = new Map<number, ChangingTraffic>()

  constructor(make: (hour: number) => ChangingTraffic) {
    this.#make = make
  }

  get(hour: number): ChangingTraffic {
    let made = this.#made.get(hour)
    if (made === undefined) {
      made = this.#make(hour)
      for (const known of this.#made.keys()) if (known < hour - 1) this.#made.delete(known)
      this.#made.set(hour, made)
    }
    return made
  }
}

// The first failure stops the rest from being begun, and is thrown once what was begun has ended.
async function someAtATime<T>(
  items: readonly T[],
  most: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  let next = 0
  let failure: { readonly error: unknown } | null = null
  const worker = async () => {
    while (next < items.length && failure === null) {
      try {
        await work(items[next++]!)
      } catch (error) {
        failure ??= { error }
      }
    }
  }
  await Promise.all(Array.from({ length: most }, worker))
  if (failure !== null) throw (failure as { readonly error: unknown }).error
}
