import { describe, expect, test } from 'vitest'
import { formatBytes, formatCount, formatShare, formatUsd, usdOf } from '@zonetoll/model'

describe('numbers for people', () => {
  test.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '0.98 KiB'],
    [1024, '1.00 KiB'],
    [10_240, '10.0 KiB'],
    [1_048_576, '1.00 MiB'],
    [2n ** 63n, '8.00 EiB'],
  ])('%s bytes are %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text)
  })

  test('bytes never take more than three digits', () => {
    for (let bytes = 1; bytes < 2 ** 60; bytes = Math.ceil(bytes * 1.0037)) {
      expect(formatBytes(bytes).replace(/\D/g, '').length).toBeLessThanOrEqual(3)
    }
  })

  test('a GiB across zones costs two cents', () => {
    expect(usdOf(2n ** 30n)).toBeCloseTo(0.02, 12)
  })

  test.each([
    [0, '$0.00'],
    [0.02, '$0.02'],
    [3.4, '$3.40'],
    [1234.5, '$1,234.50'],
    [0.0012, '$0.0012'],
    [0.0000001, '<$0.000001'],
  ])('%s dollars are %s', (usd, text) => {
    expect(formatUsd(usd)).toBe(text)
  })

  test('a share is 0 % for nothing alone', () => {
    expect([formatShare(0, 7), formatShare(0, 0)]).toEqual(['0 %', '0 %'])
    expect(formatShare(1, 1_000_000)).toBe('<0.1 %')
    expect(formatShare(1n, 3n)).toBe('33.3 %')
  })

  test('counts have thousands apart', () => {
    expect(formatCount(1234567n)).toBe('1,234,567')
  })
})
