// Values that options of several commands take, checked and read alike. Each throws BadValue with what was expected.

import { BadValue } from './define-command.ts'

/** Any text but the empty one. */
export function readText(text: string): string {
  if (text === '') throw new BadValue('Expected some text.')
  return text
}

/** A cluster's name: what EKS allows, and dots; nothing that could leave the folder it becomes. */
export function readCluster(text: string): string {
  if (!/^[0-9A-Za-z][0-9A-Za-z._-]{0,99}$/.test(text)) {
    throw new BadValue('Expected a cluster name: letters, digits, hyphens, underscores and dots.')
  }
  return text
}

/** A reader of whole numbers from `least` to `most`, both inclusive. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return text => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
    if (!(value >= least && value <= most)) {
      throw new BadValue(`Expected a whole number from ${least} to ${most}.`)
    }
    return value
  }
}
