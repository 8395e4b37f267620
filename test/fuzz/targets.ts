/** All that is fuzzed, by name. */
import { assignmentTarget } from './assignment-target.ts'
import { gzipTarget } from './gzip-target.ts'
import { ledgerTarget } from './ledger-target.ts'
import { rollupTarget } from './rollup-target.ts'
import type { Target } from './target.ts'
import { textTarget } from './text-target.ts'

export const TARGETS = {
  'flow-log text': textTarget,
  gzip: gzipTarget,
  'assignment log': assignmentTarget,
  ledger: ledgerTarget,
  'rollup file': rollupTarget,
} as const

export type TargetName = keyof typeof TARGETS

export async function makeTarget(name: TargetName): Promise<Target<unknown>> {
  return await TARGETS[name]()
}
