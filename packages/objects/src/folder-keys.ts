// Keys of a folder are paths below its root, and no key leads anywhere else: a part '..' or '.', an empty part (which
// an absolute path begins with) and a NUL are refused. A bucket has no such rule, its keys are only names.

import { StoreError } from './store-error.ts'

/** Throws StoreError 'badKey' unless every part of the key names something in the folder above it. */
export function checkKey(root: string, key: string): void {
  const parts = key.split('/')
  if (key.includes('\0') || parts.some(part => part === '' || part === '.' || part === '..')) {
    const problem = "a key there has no empty part, no part '.' or '..' and no NUL"
    throw new StoreError('badKey', `${JSON.stringify(key)} can't be a key of the folder ${root}: ${problem}`)
  }
}

/** The same for the beginning of keys: '' and a '/' at the end are fine. Returns its folder part: '' or ending in '/'. */
export function folderOfPrefix(root: string, prefix: string): string {
  const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1)
  if (folder !== '') checkKey(root, folder.slice(0, -1))
  if (prefix.includes('\0')) checkKey(root, prefix)
  return folder
}
