// Text to record batches: by the SIMD kernel, and by its plain twin.

import { ByteScanner, FlowLogReader, SimdScanner, type Scanner } from '@zonetoll/flowlog'
import type { OpenHour } from '../src/open-hour.ts'
import type { Stage } from '../src/stages.ts'
import type { Part } from './part.ts'

export function scanStages({ attribution }: OpenHour, part: Part): Stage[] {
  return [
    scanStage('scan, SIMD', new SimdScanner(attribution.tokens), part),
    scanStage('scan, bytes', new ByteScanner(attribution.tokens), part),
  ]
}

function scanStage(name: string, scanner: Scanner, { texts, textBytes, records }: Part): Stage {
  return {
    name,
    per: 'record',
    count: records,
    textBytes,
    run() {
      let read = 0
      for (const text of texts) {
        const reader = new FlowLogReader(scanner)
        for (const chunk of text) reader.push(chunk, ({ count }) => (read += count))
      }
      if (read !== records) throw new Error(`${name}: expected ${records} records, got ${read}`)
    },
  }
}
