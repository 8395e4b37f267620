// Hours made in this process, from data sets in a folder: for properties over many of them.

import { mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Hour } from '@zonetoll/model'
import { openLocation } from '@zonetoll/objects'
import { onTestFinished } from 'vitest'
import { filesBelow } from '../../../test/support/files-below.ts'
import { CLUSTER, HOUR, writeFiles, type Files } from '../../../test/support/data-set.ts'
import { makeHour, type MadeHour } from '../src/make-hour.ts'
import { makeShard, type MadeShard } from '../src/make-shard.ts'
import { mergeHour, type MergedHour } from '../src/merge-hour.ts'
import type { HourPlaces } from '../src/open-hour.ts'
import { readOptions, type WorkerOptions } from '../src/options.ts'
import { NO_PROGRESS } from '../src/progress.ts'
import type { Shard } from '../src/shard.ts'

export const RUN = {
  signal: new AbortController().signal,
  uninterrupted: async <T>(work: () => Promise<T>) => work(),
}

export class HourFolder {
  readonly root: string

  private constructor(root: string) {
    this.root = root
  }

  /** Removed when the test is over. */
  static async make(files: Files): Promise<HourFolder> {
    const root = await realpath(await mkdtemp(join(tmpdir(), 'zonetoll-hours-')))
    onTestFinished(() => rm(root, { recursive: true, force: true }))
    await writeFiles(root, files)
    return new HourFolder(root)
  }

  options(more: Partial<WorkerOptions> = {}): WorkerOptions {
    const options = readOptions({ hour: HOUR, quiet: true }, { logs: '', assignments: '' })
    return { ...options, threads: 1, ...more }
  }

  places(rollups: string): HourPlaces {
    return {
      logs: [openLocation(join(this.root, 'logs'))],
      assignments: openLocation(join(this.root, 'assignments')),
      rollups: openLocation(join(this.root, rollups)),
      cluster: CLUSTER,
    }
  }

  async hour(rollups: string, more: Partial<WorkerOptions> = {}): Promise<MadeHour> {
    return await makeHour(this.places(rollups), HOUR as Hour, this.options(more), RUN, NO_PROGRESS)
  }

  async shard(rollups: string, shard: Shard, more: Partial<WorkerOptions> = {}): Promise<MadeShard> {
    return await makeShard(this.places(rollups), HOUR as Hour, shard, this.options(more), RUN, NO_PROGRESS)
  }

  async merge(rollups: string, shards: number | null = null): Promise<MergedHour> {
    return await mergeHour(
      this.places(rollups),
      HOUR as Hour,
      { shards, report: false, maxMemory: 2 ** 30 },
      RUN,
    )
  }

  /** The files below a folder: by path, as latin1 text so that a difference shows. */
  async files(folder: string): Promise<Record<string, string>> {
    return await filesBelow(join(this.root, folder))
  }
}
