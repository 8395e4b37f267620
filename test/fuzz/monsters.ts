/**
 * Objects of sizes that nobody would write by hand, on disk in no time: gzip allows members one behind the other, so a
 * member that is packed once and stands there a thousand times is a thousand times its text.
 */
import { mkdir, open } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { CLUSTER, HOUR, objectKey, PARTITION, pod } from '../support/data-set.ts'

/** A text, and how many times it stands there. */
export type Repeated = readonly [text: string | Uint8Array, times: number]

/** Writes the texts as members of one gzip object. Returns its size and its text's, in bytes. */
export async function writeRepeated(
  path: string,
  parts: Iterable<Repeated>,
  level = 6,
): Promise<{ readonly packed: number; readonly text: number }> {
  await mkdir(dirname(path), { recursive: true })
  const file = await open(path, 'w')
  let [packed, textBytes] = [0, 0]
  try {
    for (const [text, times] of parts) {
      const member = gzipSync(text, { level })
      const many = Math.min(times, Math.max(1, Math.floor(2 ** 22 / member.length)))
      const block = Buffer.concat(Array.from({ length: many }, () => member))
      for (let left = times; left > 0; left -= many) {
        await file.appendFile(left >= many ? block : block.subarray(0, left * member.length))
      }
      packed += member.length * times
      textBytes += Buffer.byteLength(text) * times
    }
  } finally {
    await file.close()
  }
  return { packed, text: textBytes }
}

/** Where a flow-log object of the hour lies below the data set's folder. */
export function objectPath(root: string, hash: string): string {
  return join(root, 'logs', objectKey({ hash }))
}

/** Where the hour's assignments lie. */
export function assignmentPath(root: string, name = 'all.ndjson.gz'): string {
  return join(root, 'assignments', PARTITION, name)
}

export const OPTIONS = [
  '--hour=2024-05-01T10',
  `--cluster=${CLUSTER}`,
  '--logs=logs',
  '--assignments=assignments',
  '--rollups=rollups',
  '--quiet',
]

export const PAIRS_HEADER = 'bytes start flow-direction pkt-srcaddr pkt-dstaddr\n'

/** Pods of two zones, each of one sending to each of the other once: as many pairs as the product. */
export async function writePairs(
  root: string,
  sources: number,
  destinations: number,
  options: { readonly workloads?: number; readonly objects?: number } = {},
): Promise<void> {
  const { workloads = 100, objects = 1 } = options
  const podOf = (side: number, at: number) =>
    pod(`pod-${side}-${at}`, addressOf(side, at), `use2-az${side}`, {
      workload: `Deployment/w-${side}-${at % workloads}`,
    })
  const pods = [
    ...Array.from({ length: sources }, (_, at) => podOf(1, at)),
    ...Array.from({ length: destinations }, (_, at) => podOf(2, at)),
  ]
  await writeRepeated(assignmentPath(root), [[`${pods.join('\n')}\n`, 1]], 1)
  const addresses = Array.from({ length: destinations }, (_, at) => addressOf(2, at))
  for (let object = 0; object < objects; object++) {
    await writeRepeated(objectPath(root, String(object)), linesOf(object, objects, sources, addresses), 1)
  }
}

function* linesOf(
  first: number,
  step: number,
  sources: number,
  addresses: readonly string[],
): Generator<Repeated> {
  yield [PAIRS_HEADER, 1]
  for (let at = first; at < sources; at += step) {
    const start = `100 ${HOUR + 60} egress ${addressOf(1, at)} `
    yield [`${start}${addresses.join(`\n${start}`)}\n`, 1]
  }
}

function addressOf(side: number, at: number): string {
  return `10.${side * 16 + (at >>> 16)}.${(at >>> 8) & 255}.${at & 255}`
}
