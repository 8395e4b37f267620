import { describe, expect, test } from 'vitest'
import { formatHour, formatSeconds, hourOf, parseHour, parseInstant } from '@zonetoll/model'

const TEN = Date.parse('2024-05-01T10:00:00Z') / 1000

describe('an hour', () => {
  test.each(['2024-05-01T10', '2024-05-01T10Z', '2024-05-01T10:00:00Z'])('is named by %s', text => {
    expect(parseHour(text)).toBe(TEN)
  })

  test.each([
    '',
    '2024-05-01',
    '2024-05-01T10:00Z',
    '2024-05-01T10:00:00',
    '2024-05-01T10:30:00Z',
    '2024-05-01T24',
    '2024-05-01T-1',
    '2024-05-01 10',
    '2024-02-30T10',
    '2023-02-29T10',
    '2024-13-01T10',
    '2024-00-01T10',
    '24-05-01T10',
    ' 2024-05-01T10',
    '2024-05-01T10\n',
    '2024-05-01T10z',
    '2024-05-01T1O',
  ])('is not named by %j', text => {
    expect(parseHour(text)).toBeNull()
  })

  test('of a leap day is an hour', () => {
    expect(parseHour('2024-02-29T23')).toBe(Date.parse('2024-02-29T23:00:00Z') / 1000)
  })

  test('comes back from its text', () => {
    for (let hour = TEN - 40 * 3600; hour < TEN + 40 * 3600; hour += 3600) {
      expect(parseHour(formatHour(hourOf(hour)))).toBe(hour)
      expect(parseHour(formatSeconds(hour))).toBe(hour)
    }
  })

  test('holds its first second and its last, not the next one', () => {
    expect([TEN - 1, TEN, TEN + 3599, TEN + 3600].map(hourOf)).toEqual([TEN - 3600, TEN, TEN, TEN + 3600])
  })

  test('before 1970 begins before its seconds', () => {
    expect(hourOf(-1)).toBe(-3600)
  })
})

test('seconds are written without a fraction', () => {
  expect(formatSeconds(TEN + 59)).toBe('2024-05-01T10:00:59Z')
})

describe('an instant', () => {
  test.each([
    ['2024-05-01T10:00:00Z', 0],
    ['2024-05-01T10:00:00.5Z', 500],
    ['2024-05-01T10:00:00.123456Z', 123],
    ['2024-05-01T10:00:00.999999999Z', 999],
    ['2024-05-01T12:00:00+02:00', 0],
    ['2024-05-01T04:30:00-05:30', 0],
    ['2024-05-02T00:00:00+14:00', 0],
  ])('%s is read to the millisecond, finer fractions cut off', (text, millis) => {
    expect(parseInstant(text)).toBe(TEN * 1000 + millis)
  })

  test.each([
    '',
    '2024-05-01',
    '2024-05-01T10:00:00',
    '2024-05-01T10:00Z',
    '2024-05-01 10:00:00Z',
    '2024-05-01T10:00:00.Z',
    '2024-05-01T10:00:00.1234567890Z',
    '2024-02-30T10:00:00Z',
    '2023-02-29T10:00:00+01:00',
    '2024-05-01T25:00:00Z',
    '2024-05-01T10:60:00Z',
    '2024-05-01T10:00:61Z',
    '2024-05-01T10:00:00+0200',
    'Wed, 01 May 2024 10:00:00 GMT',
    '1714557600',
  ])('%j is none', text => {
    expect(parseInstant(text)).toBeNull()
  })
})
