import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { UnixMillis } from '@zonetoll/model'
import { formatAssignmentLine, parseAssignmentLine, type AssignmentLine } from '@zonetoll/assignments'

// The contract's own examples, with the times written out.
const EXAMPLES = [
  '{"kind":"pod","uid":"6f1","addresses":["10.0.1.5","2600:1f16::5"],"from":"2024-05-01T09:12:03Z","until":null,"seen":"2024-05-01T10:05:00Z","namespace":"shop","name":"cart-7d9f-x2x","workload":"Deployment/cart","labels":{"app":"cart"},"node":"ip-10-0-1-9.us-east-2.compute.internal","instance":"i-0a1","zone":"use2-az1"}',
  '{"kind":"node","uid":"b2c","addresses":["10.0.1.9"],"from":"2024-05-01T08:00:00Z","until":null,"seen":"2024-05-01T10:05:00Z","name":"ip-10-0-1-9.us-east-2.compute.internal","instance":"i-0a1","zone":"use2-az1"}',
  '{"kind":"interface","uid":"eni-0f","addresses":["10.0.3.7"],"from":"2024-05-01T08:00:00Z","until":null,"seen":"2024-05-01T10:05:00Z","name":"orders-db","service":"rds","zone":"use2-az2"}',
  '{"kind":"subnet","uid":"subnet-0a","cidr":"10.0.0.0/18","seen":"2024-05-01T10:05:00Z","zone":"use2-az1"}',
  '{"kind":"zone","uid":"use2-az1","name":"us-east-2a","seen":"2024-05-01T10:05:00Z"}',
]

describe('formatting an assignment line', () => {
  test.each(EXAMPLES)("gives the contract's example back: %s", example => {
    expect(formatAssignmentLine(parseAssignmentLine(example)!)).toBe(example)
  })

  test('keeps milliseconds, ends, IPv6 blocks, host networking and a label named __proto__', () => {
    const text =
      '{"kind":"pod","uid":"u","addresses":[],"from":"2024-05-01T09:12:03.040Z","until":"2024-05-01T09:12:04Z","seen":"2024-05-01T10:05:00.001Z","namespace":"n","name":"p","labels":{"__proto__":"x","a":"b"},"hostNetwork":true}'
    expect(formatAssignmentLine(parseAssignmentLine(text)!)).toBe(text)
    const subnet =
      '{"kind":"subnet","uid":"s","cidr":"2600:1f16:0:1::/64","seen":"2024-05-01T10:05:00Z","zone":"use2-az1"}'
    expect(formatAssignmentLine(parseAssignmentLine(subnet)!)).toBe(subnet)
  })

  test('leaves out what a line does not know, and sorts labels', () => {
    const held =
      '"uid":"u","addresses":[],"from":"2024-05-01T09:12:03Z","until":null,"seen":"2024-05-01T10:05:00Z"'
    const unknown = '"workload":null,"labels":{},"node":null,"instance":null,"service":null,"zone":null'
    for (const [kind, names] of [
      ['pod', '"namespace":"n","name":"p"'],
      ['node', '"name":"p"'],
      ['interface', '"name":"p"'],
    ] as const) {
      const least = `{"kind":"${kind}",${held},${names}}`
      expect(formatAssignmentLine(parseAssignmentLine(`${least.slice(0, -1)},${unknown}}`)!)).toBe(least)
    }
    const labelled = (labels: string) =>
      `{"kind":"pod",${held},"namespace":"n","name":"p","labels":${labels}}`
    expect(formatAssignmentLine(parseAssignmentLine(labelled('{"b":"1","a":"2","C":"3"}'))!)).toBe(
      labelled('{"C":"3","a":"2","b":"1"}'),
    )
  })

  test('refuses a time that no reader would take', () => {
    const line = parseAssignmentLine(EXAMPLES[4]!)!
    expect(() => formatAssignmentLine({ ...line, seen: 253_402_300_800_000 as UnixMillis })).toThrow(
      RangeError,
    )
  })

  test('is undone by parsing, whatever a line holds', () => {
    const instant = fc.integer({ min: 0, max: 253_402_300_799_999 })
    const word = fc.integer({ min: 0, max: 0xffffffff })
    const address = fc.oneof(
      fc.record({ family: fc.constant(4), words: fc.tuple(word) }),
      fc.record({ family: fc.constant(6), words: fc.tuple(word, word, word, word) }),
    )
    const text = fc.string({ minLength: 1, unit: 'grapheme' })
    const held = {
      uid: text,
      seen: instant,
      addresses: fc.array(address, { maxLength: 3 }),
      from: instant,
      until: fc.oneof(instant, fc.constant(Infinity)),
      instance: fc.option(text),
      zone: fc.option(text),
    }
    const line = fc.oneof(
      fc.record({
        kind: fc.constant('pod'),
        ...held,
        namespace: text,
        name: text,
        workload: fc.option(text),
        labels: fc.array(fc.tuple(fc.string(), fc.string())).map(entries => new Map(entries)),
        node: fc.option(text),
        hostNetwork: fc.boolean(),
      }),
      fc.record({ kind: fc.constant('node'), ...held, name: text }),
      fc.record({ kind: fc.constant('interface'), ...held, name: text, service: fc.option(text) }),
      fc.record({ kind: fc.constant('zone'), uid: text, name: text, seen: instant }),
    )
    const kinds = new Set<string>()
    fc.assert(
      fc.property(line, generated => {
        kinds.add(generated.kind)
        const written = generated as unknown as AssignmentLine
        expect(parseAssignmentLine(formatAssignmentLine(written))).toEqual(written)
      }),
      { seed: 20240501, numRuns: 2_000 },
    )
    expect(kinds.size).toBe(4)
  })
})
