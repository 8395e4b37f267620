// Data sets for tests, each in a folder of its own that is gone afterwards.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DEFAULTS, writeSample, type SampleOptions, type SampleSummary } from '@zonetoll/sample'

export async function withFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'zonetoll-sample-'))
  try {
    return await use(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

export function withDataSet<T>(
  options: Partial<SampleOptions>,
  use: (folder: string, summary: SampleSummary) => Promise<T> | T,
): Promise<T> {
  return withFolder(async out => use(out, await writeSample({ ...DEFAULTS, level: 1, ...options, out })))
}
