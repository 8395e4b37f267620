// The name of a file that is being written, and what becomes of those whose process was killed before it could remove
// them: the next write to the folder does, when they are old enough to be nobody's.

import { randomBytes } from 'node:crypto'
import { readdir, rm, stat } from 'node:fs/promises'

const NAME = /^_[0-9a-f]{16}\.part$/
/** Nothing takes a day to write. */
const OLD_MILLIS = 24 * 60 * 60 * 1000

/** Begins with '_', which readers of rollups and flow logs pass over. */
export function temporaryName(): string {
  return `_${randomBytes(8).toString('hex')}.part`
}

/** Removes what was left in the folder a day ago or earlier. What can't be removed stays: it does no harm. */
export async function clearLeftBehind(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => [])
  for (const name of names.filter(each => NAME.test(each))) {
    const path = `${folder}/${name}`
    const found = await stat(path).catch(() => null)
    if (found === null || Date.now() - found.mtimeMs < OLD_MILLIS) continue
    await rm(path, { force: true }).catch(() => {})
  }
}
