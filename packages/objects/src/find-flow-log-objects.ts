// The flow-log objects of some slots, wherever a location points: at a bucket, above or below AWSLogs, at a region, a
// day, an hour, or at a folder with the objects directly in it.
//
// The walk goes down folder by folder. Folders that can't hold a wanted slot are never listed (flow-log-folders.ts).
// Within a folder it reads page by page and, whenever a page ends at an object that isn't wanted, lists anew from the
// next place where one can be: a day's folder sorts by flow log and then by time, and a day of it can be hundreds of
// pages. What costs is list calls, so a page that came is read to its end.

import { canHold, childPlace, placeOfPath, type Place } from './flow-log-folders.ts'
import { isWanted, parseFlowLogName, skipFrom, type FlowLogName, type SlotQuery } from './flow-log-name.ts'
import { compareKeys } from './key-order.ts'
import { StoreError } from './store-error.ts'
import type { Location, StoredObject } from './store.ts'

export interface FlowLogObject extends FlowLogName {
  readonly object: StoredObject
}

export interface FlowLogQuery extends SlotQuery {
  readonly signal?: AbortSignal | undefined
  /** How many list calls may be made; 10,000 if not given. */
  readonly maxLists?: number
}

export interface FoundFlowLogs {
  /** In the order of keys. */
  readonly objects: readonly FlowLogObject[]
  /** Full URIs of the folders that the walk ended in, those of flow logs if there were any; sorted. */
  readonly lookedAt: readonly string[]
}

const MAX_LISTS = 10_000
const FOLDERS_AT_A_TIME = 8

interface Folder {
  readonly prefix: string
  readonly place: Place
}

interface Scanned {
  readonly folder: Folder
  readonly children: readonly Folder[]
  readonly objects: readonly FlowLogObject[]
  readonly holdsFlowLogs: boolean
}

/** Throws StoreError 'tooManyFolders' when the location is too far above the flow logs, and what the store throws. */
export async function findFlowLogObjects(location: Location, query: FlowLogQuery): Promise<FoundFlowLogs> {
  const { store, prefix, uri } = location
  const path = store.describe(prefix).replace(/^s3:\/\/[^/]*/, '')
  const scanned: Scanned[] = []
  let level: readonly Folder[] = [{ prefix, place: placeOfPath(path) }]
  const budget = listBudget(uri, query.maxLists ?? MAX_LISTS)
  while (level.length > 0) {
    const results = await scanAll(level, location, query, budget)
    scanned.push(...results)
    level = results.flatMap(({ children }) => children)
  }
  const ends = scanned.filter(({ children }) => children.length === 0)
  const ofFlowLogs = ends.filter(({ folder, holdsFlowLogs }) => holdsFlowLogs || isDeep(folder.place))
  return {
    objects: scanned
      .flatMap(({ objects }) => objects)
      .sort((a, b) => compareKeys(a.object.key, b.object.key)),
    lookedAt: (ofFlowLogs.length > 0 ? ofFlowLogs : ends)
      .map(end => store.describe(end.folder.prefix))
      .sort(compareKeys),
  }
}

function isDeep({ kind }: Place): boolean {
  return kind === 'region' || kind === 'time'
}

function listBudget(uri: string, most: number): () => void {
  let lists = 0
  return () => {
    if (++lists <= most) return
    const problem = `${uri} has too many folders to look for flow logs in: ${most} lists were not enough`
    throw new StoreError('tooManyFolders', `${problem}; point --logs nearer to them, at AWSLogs/ or below`)
  }
}

// Some folders at a time; the first failure stops the others and is thrown once they have stopped.
async function scanAll(
  folders: readonly Folder[],
  location: Location,
  query: FlowLogQuery,
  budget: () => void,
): Promise<Scanned[]> {
  const stop = new AbortController()
  const signal = query.signal === undefined ? stop.signal : AbortSignal.any([query.signal, stop.signal])
  const results: Scanned[] = []
  let next = 0
  let failure: { readonly error: unknown } | undefined
  const work = async () => {
    try {
      while (next < folders.length && !stop.signal.aborted) {
        results.push(await scan(folders[next++]!, location, { ...query, signal }, budget))
      }
    } catch (error) {
      failure ??= { error }
      stop.abort()
    }
  }
  await Promise.all(Array.from({ length: FOLDERS_AT_A_TIME }, work))
  if (failure !== undefined) throw failure.error
  return results
}

async function scan(
  folder: Folder,
  { store }: Location,
  query: FlowLogQuery,
  budget: () => void,
): Promise<Scanned> {
  const { firstSlot, lastSlot, signal } = query
  const children: Folder[] = []
  const objects: FlowLogObject[] = []
  let holdsFlowLogs = false
  let startAfter: string | null = ''
  while (startAfter !== null) {
    budget()
    let pages = 0
    let skip: string | null = null
    for await (const page of store.listPages(folder.prefix, { delimiter: true, startAfter, signal })) {
      if (++pages > 1) budget()
      skip = null
      for (const entry of page.entries) {
        skip = null
        if ('prefix' in entry) {
          const name = entry.prefix.slice(folder.prefix.length, -1)
          const place = childPlace(folder.place, name)
          if (place !== null && canHold(folder.place, name, place, firstSlot, lastSlot)) {
            children.push({ prefix: entry.prefix, place })
          }
          continue
        }
        const name = parseFlowLogName(entry.object.key)
        if (name === null) continue
        holdsFlowLogs = true
        if (isWanted(name, query)) objects.push({ ...name, object: entry.object })
        skip = skipFrom(name, query)
      }
      if (!page.more) skip = null
      if (skip !== null) break
    }
    startAfter = skip === null ? null : folder.prefix + skip
  }
  return { folder, children, objects, holdsFlowLogs }
}
