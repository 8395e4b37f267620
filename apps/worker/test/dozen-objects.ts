// A dozen objects of different sizes, over an hour's slots, and the shards that read them.

import {
  assignmentFiles,
  HOUR,
  joined,
  logFiles,
  record,
  SLOT,
  SMALL_LINES,
  type Files,
} from '../../../test/support/data-set.ts'
import { Seeded } from '../../../test/support/seeded.ts'
import type { HourFolder } from './in-folder.ts'

export function dozen(): Files {
  const seeded = new Seeded(12)
  return joined(
    assignmentFiles(),
    logFiles(
      Array.from({ length: 12 }, (_, at) => {
        const lines = seeded.list(1 + seeded.int(40), n => record({ bytes: n * 100 + at, start: at * 300 }))
        return [{ slot: HOUR + at * SLOT, hash: `h${at}` }, [...lines, ...SMALL_LINES]] as const
      }),
    ),
  )
}

export async function inShards(folder: HourFolder, rollups: string, count: number): Promise<void> {
  for (let index = 0; index < count; index++) await folder.shard(rollups, { index, count })
}
