import { describe, expect, test } from 'vitest'
import { AWS_FIELDS, FormatError, LOG_FORMAT, parseFormat } from '@zonetoll/flowlog'
import { FIELDS } from '../src/fields.ts'
import { isHeader } from '../src/format.ts'

const NEEDED = ['bytes', 'start', 'flow-direction', 'pkt-srcaddr', 'pkt-dstaddr']

function messageOf(header: string): string {
  try {
    parseFormat(header)
  } catch (error) {
    if (error instanceof FormatError) return error.message
    throw error
  }
  throw new Error(`taken as a format: ${header}`)
}

describe('a format', () => {
  test('has each column where the header has it, whatever the order', () => {
    const format = parseFormat('x-new pkt-dstaddr bytes flow-direction az-id start pkt-srcaddr')
    expect(format.fieldCount).toBe(7)
    expect([...format.slots].map(slot => FIELDS[slot] ?? null)).toEqual([
      null,
      'destination',
      'bytes',
      'flow-direction',
      'az-id',
      'start',
      'source',
    ])
    expect(FIELDS.filter((_field, slot) => format.present[slot] === 1)).toEqual([
      'source',
      'destination',
      'bytes',
      'start',
      'flow-direction',
      'az-id',
    ])
    expect(format.interfaceAddresses).toBe(false)
  })

  test('takes the packet addresses where both pairs are there', () => {
    const format = parseFormat('srcaddr dstaddr pkt-srcaddr pkt-dstaddr bytes start flow-direction')
    expect([...format.slots.subarray(0, 4)].map(slot => FIELDS[slot] ?? null)).toEqual([
      null,
      null,
      'source',
      'destination',
    ])
    expect(format.interfaceAddresses).toBe(false)
  })

  test.each(['', ' pkt-srcaddr', ' pkt-dstaddr'])(
    'takes the interface addresses, and says so, with%s beside them',
    half => {
      const format = parseFormat(`srcaddr dstaddr bytes start flow-direction${half}`)
      expect([...format.slots.subarray(0, 2)].map(slot => FIELDS[slot])).toEqual(['source', 'destination'])
      expect(format.interfaceAddresses).toBe(true)
    },
  )

  test('of a name that stands twice has the first', () => {
    const format = parseFormat('bytes bytes start flow-direction pkt-srcaddr pkt-dstaddr')
    expect([...format.slots.subarray(0, 2)].map(slot => FIELDS[slot] ?? null)).toEqual(['bytes', null])
  })

  test('that Zonetoll asks for is one that it reads', () => {
    const format = parseFormat(LOG_FORMAT.replaceAll(/[${}]/g, ''))
    expect(format.interfaceAddresses).toBe(false)
    expect([...format.present].filter(present => present === 0)).toHaveLength(1)
    for (const name of LOG_FORMAT.replaceAll(/[${}]/g, '').split(' ')) expect(AWS_FIELDS).toContain(name)
  })
})

describe('a header without a needed field', () => {
  test.each(['bytes', 'start', 'flow-direction'])('is refused, naming %s and the format to create', name => {
    const message = messageOf(NEEDED.filter(needed => needed !== name).join(' '))
    expect(message).toContain(`lacks the field ${name}.`)
    expect(message).toContain(LOG_FORMAT)
  })

  test.each(['pkt-srcaddr', 'pkt-dstaddr'])('%s is refused, naming the pair', name => {
    expect(messageOf(NEEDED.filter(needed => needed !== name).join(' '))).toContain(
      'lacks the fields pkt-srcaddr, pkt-dstaddr.',
    )
  })

  test('is refused naming all that are missing', () => {
    expect(messageOf('version srcaddr action')).toContain(
      'lacks the fields bytes, start, flow-direction, pkt-srcaddr, pkt-dstaddr.',
    )
  })

  test('with underscores, as Parquet spells them, is no header of a text object', () => {
    expect(messageOf('pkt_srcaddr pkt_dstaddr flow_direction')).toContain('has no header line')
  })
})

describe('a first line that is no header', () => {
  test.each([
    ['a record', '2 123456789010 eni-1 10.0.0.1 10.0.0.2 20641 22 6 20 4249 1418530010 1418530070 ACCEPT OK'],
    ['a line of a CloudWatch export', '2024-05-01T10:00:00.000Z 2 123456789010 eni-1'],
    ['nothing', ''],
    ['JSON', '{"message":"hello"}'],
  ])('%s is refused with the format to create', (_what, line) => {
    const message = messageOf(line)
    expect(message).toContain('has no header line')
    expect(message).toContain(LOG_FORMAT)
  })

  test('is shown cut short and escaped, so that it can do nothing to a terminal or a log', () => {
    const message = messageOf(`\u001b]0;owned\u0007\u202e\n${'x'.repeat(10_000)}`)
    expect(message).not.toMatch(/[^\u0020-\u007e…]/)
    expect(message).toContain(String.raw`\u001b]0;owned\u0007\u202e\n`)
    expect(message.length).toBeLessThan(1000)
  })
})

test('a transit gateway’s format is refused by name', () => {
  expect(messageOf(`${NEEDED.join(' ')} tgw-id`)).toContain('transit gateway')
})

test('a line is a header inside an object where it names all that is needed', () => {
  expect(isHeader(NEEDED.join(' '))).toBe(true)
  expect(isHeader('srcaddr dstaddr bytes start flow-direction')).toBe(true)
  expect(isHeader('bytes start flow-direction srcaddr')).toBe(false)
  expect(isHeader('1 2 egress 10.0.0.1 10.0.0.2')).toBe(false)
})
