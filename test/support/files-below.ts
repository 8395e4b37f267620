// The files below a folder: by path from there, as latin1 text so that a difference shows. None where there is no folder.

import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

export async function filesBelow(folder: string): Promise<Record<string, string>> {
  const files: Record<string, string> = {}
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  for (const entry of entries) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    files[path.slice(folder.length + 1)] = await readFile(path, 'latin1')
  }
  return files
}
