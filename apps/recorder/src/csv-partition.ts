// `pnpm record --from-csv`: the older solution's list of pods becomes an object of one hour's partition, or of several.

import { readFile } from 'node:fs/promises'

import { RunError } from '@zonetoll/command'
import { formatHour, hourOf, type Hour, type UnixMillis, type ZoneId } from '@zonetoll/model'
import { hourPartition, type Location } from '@zonetoll/objects'
import { podsOfCsv } from './csv-import.ts'
import { Ec2Inventory } from './inventory-ec2.ts'
import type { ZoneIds } from './inventory-lines.ts'
import { packLines, PartitionNames } from './partition-object.ts'
import { concerns } from './partition-window.ts'

export interface ImportOptions {
  readonly file: string
  readonly location: Location
  readonly cluster: string
  /** Empty: the hour of `now`. */
  readonly hours: readonly Hour[]
  readonly zoneMap: ReadonlyMap<string, string>
  /** Whether EC2 may be asked for the IDs of zones that the map doesn't have. */
  readonly askEc2: boolean
  readonly now: UnixMillis
  readonly warn: (message: string) => void
  readonly signal: AbortSignal
}

export interface ImportedHour {
  readonly hour: Hour
  readonly pods: number
  readonly uri: string
}

/** Nothing is written unless every row is good. Throws RunError. */
export async function importCsv(options: ImportOptions): Promise<ImportedHour[]> {
  const { cluster, file, location, now, signal } = options
  const text = await textOf(file)
  const zones = await zonesFor(text, options)
  const pods = await podsOfCsv(text, { file, seen: now, zones })
  const hours = options.hours.length > 0 ? options.hours : [hourOf(now / 1000)]
  const names = new PartitionNames()
  const objects = []
  for (const hour of hours) {
    const lines = pods.filter(pod => concerns(pod, hour))
    if (lines.length === 0) {
      throw new RunError(
        `no pod of ${file} was there in ${formatHour(hour)}: all of them were created later; name another --hour`,
      )
    }
    const key = location.prefix + hourPartition(cluster, hour) + names.next(now)
    objects.push({ key, bytes: await packLines(lines), imported: { hour, pods: lines.length } })
  }
  const imported: ImportedHour[] = []
  for (const { key, bytes, imported: counts } of objects) {
    await location.store.write(key, bytes, { signal })
    imported.push({ ...counts, uri: location.store.describe(key) })
  }
  return imported
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw new RunError(`${file} can't be read: ${(cause as Error).message}`, { cause })
  }
}

// EC2 is asked only when a zone's name needs it; the first pass finds out.
async function zonesFor(
  text: string,
  { askEc2, file, signal, warn, zoneMap, now }: ImportOptions,
): Promise<ZoneIds> {
  const ids = new Map(zoneMap)
  const unknown = new Set<string>()
  const noting: ZoneIds = {
    idOf(name) {
      const id = ids.get(name)
      if (id === undefined) unknown.add(name)
      return (id ?? 'not yet known') as ZoneId
    },
  }
  await podsOfCsv(text, { file, seen: now, zones: noting })
  if (unknown.size > 0 && askEc2) {
    try {
      for (const { ZoneId: id, ZoneName: name } of await new Ec2Inventory({ vpcId: null }).zones(signal)) {
        if (id !== undefined && name !== undefined && !ids.has(name)) ids.set(name, id)
      }
    } catch (error) {
      signal.throwIfAborted()
      warn(`EC2 can't be asked for zone IDs: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  return { idOf: name => (ids.get(name) as ZoneId | undefined) ?? null }
}
