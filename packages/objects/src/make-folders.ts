// Makes a folder and those above it. Node's own recursive mkdir asks for ever where a file system refuses a new folder
// as missing, as /proc does.

import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'

/** The topmost folder that had to be made, undefined where all were there. Rejects with mkdir's error. */
export async function makeFolders(folder: string): Promise<string | undefined> {
  try {
    return (await made(folder)) ? folder : undefined
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || dirname(folder) === folder) throw error
  }
  const above = await makeFolders(dirname(folder))
  return (await made(folder)) ? (above ?? folder) : above
}

// False where something is there already: a file in a folder's place shows when it is used as one.
async function made(folder: string): Promise<boolean> {
  try {
    await mkdir(folder)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    return false
  }
}
