// gunzip, from the disk's cache, chunk by chunk.

import type { Stage } from '../src/stages.ts'
import { gunzipped, type Part } from './part.ts'

export function gunzipStage({ paths, textBytes, records }: Part): Stage {
  return {
    name: 'gunzip',
    per: 'record',
    count: records,
    textBytes,
    async run() {
      let left = textBytes
      for (const path of paths) for await (const chunk of gunzipped(path, left)) left -= chunk.length
      if (left !== 0) throw new Error(`gunzip: expected ${textBytes} bytes of text, ${left} are missing`)
    },
  }
}
