// Data sets in a cache folder: made once by `pnpm sample`, used again as long as the same would be made.
//
//   DATA/standard-10000000-1f0c9ae2/logs/…  assignments/…  truth.json  bench.json
//
// The name's last part stands for the options and for the generator's own sources: a changed generator makes new data.
// bench.json is written last; a folder without it is made anew.

import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { canonicalJson, type Hour } from '@zonetoll/model'
import { writeSample, type TruthFile, type TruthHour } from '@zonetoll/sample'
import { sampleOptions, type Scenario } from './scenarios.ts'

export interface DataSet {
  readonly scenario: Scenario
  readonly logs: string
  readonly assignments: string
  readonly cluster: string
  readonly hour: Hour
  readonly fields: number
  /** Paths of the objects, those of the hour and around it: all there are. */
  readonly objects: readonly string[]
  /** Lines of all objects, header lines apart. */
  readonly records: number
  /** Bytes of all objects, gunzipped, and as stored. */
  readonly textBytes: number
  readonly storedBytes: number
  /** What must come out. */
  readonly truth: TruthHour
}

export interface DataSetOptions {
  /** The cache folder. */
  readonly data: string
  readonly records: number
  readonly seed: number
  readonly signal: AbortSignal
  /** Hears that a data set isn't there and is being made. */
  onMake(name: string): void
}

interface Made {
  readonly textBytes: number
  readonly storedBytes: number
}

/** The scenario's data set, made where the cache folder hasn't got it. */
export async function dataSet(scenario: Scenario, options: DataSetOptions): Promise<DataSet> {
  const { data, records, seed, signal } = options
  const sample = sampleOptions(scenario, records, seed)
  const name = `${scenario.name}-${records}-${fingerprint(canonicalJson({ ...sample }))}`
  const folder = join(data, name)
  const mark = join(folder, 'bench.json')
  let made = await readMade(mark)
  if (made === null) {
    options.onMake(name)
    const { textBytes, storedBytes } = await writeSample({ ...sample, out: folder }, signal)
    made = { textBytes, storedBytes }
    await writeFile(`${mark}.unfinished`, canonicalJson({ ...made }))
    await rename(`${mark}.unfinished`, mark)
  }
  const truth = JSON.parse(await readFile(join(folder, 'truth.json'), 'utf8')) as TruthFile
  const logs = join(folder, 'logs')
  return {
    scenario,
    logs,
    assignments: join(folder, 'assignments'),
    cluster: truth.cluster,
    hour: sample.start,
    fields: sample.fields,
    objects: truth.objects.map(({ key }) => join(logs, key)).sort(),
    records,
    ...made,
    truth: truth.hours[0]!,
  }
}

/** Has the disk's cache hold the objects, so that who comes first doesn't wait for the disk alone. */
export async function readAhead(paths: readonly string[]): Promise<void> {
  for (const path of paths) await readFile(path)
}

async function readMade(mark: string): Promise<Made | null> {
  try {
    await stat(mark)
  } catch {
    return null
  }
  return JSON.parse(await readFile(mark, 'utf8')) as Made
}

/** Removes a folder that only this benchmark writes. */
export async function removeFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true })
}

let sources: Buffer | undefined

function fingerprint(options: string): string {
  sources ??= sourcesOfSample()
  return createHash('sha256').update(sources).update(options).digest('hex').slice(0, 8)
}

function sourcesOfSample(): Buffer {
  const folder = fileURLToPath(new URL('.', import.meta.resolve('@zonetoll/sample')))
  return Buffer.concat(
    readdirSync(folder)
      .sort()
      .map(file => readFileSync(join(folder, file))),
  )
}
