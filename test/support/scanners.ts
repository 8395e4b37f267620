/** The scanners there are, by name: whatever is tested of one is tested of all. */
import { ByteScanner, SimdScanner, type RecordTokens, type Scanner } from '@zonetoll/flowlog'

export const SCANNERS = ['byte', 'simd'] as const

export type ScannerName = (typeof SCANNERS)[number]

export function makeScanner(name: ScannerName, tokens?: RecordTokens, capacity = 4096): Scanner {
  return name === 'byte' ? new ByteScanner(tokens, capacity) : new SimdScanner(tokens, capacity)
}
