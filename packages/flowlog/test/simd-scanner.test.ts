// Which scanner serves: the kernel's where WebAssembly has SIMD, else the byte scanner.

import { afterEach, expect, test, vi } from 'vitest'
import { NO_TOKENS } from '../src/scanner.ts'

afterEach(() => {
  vi.restoreAllMocks()
  vi.resetModules()
})

async function freshModule() {
  vi.resetModules()
  return await import('../src/simd-scanner.ts')
}

test('the kernel’s where there is SIMD', async () => {
  const { createScanner, SimdScanner } = await freshModule()
  expect(createScanner(NO_TOKENS)).toBeInstanceOf(SimdScanner)
})

test('the byte scanner where there is none, and the other says so', async () => {
  vi.spyOn(WebAssembly, 'validate').mockReturnValue(false)
  const { createScanner, SimdScanner } = await freshModule()
  expect(createScanner(NO_TOKENS).constructor.name).toBe('ByteScanner')
  expect(() => new SimdScanner(NO_TOKENS)).toThrow('WebAssembly SIMD is missing here')
})
