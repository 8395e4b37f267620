import { describe, expect, test } from 'vitest'
import { AssignmentLineError, parseAssignmentLine } from '@zonetoll/assignments'

const POD = {
  kind: 'pod',
  uid: '6f1',
  addresses: ['10.0.1.5', '2600:1F16::5'],
  from: '2024-05-01T09:12:03Z',
  until: null,
  seen: '2024-05-01T10:05:00Z',
  namespace: 'shop',
  name: 'cart-7d9f-x2x',
  workload: 'Deployment/cart',
  labels: { app: 'cart' },
  node: 'ip-10-0-1-9.us-east-2.compute.internal',
  instance: 'i-0a1',
  zone: 'use2-az1',
}
const SUBNET = {
  kind: 'subnet',
  uid: 'subnet-0a',
  cidr: '10.0.0.0/18',
  seen: '2024-05-01T10:05:00Z',
  zone: 'use2-az1',
}

function messageOf(text: string): string {
  try {
    parseAssignmentLine(text)
  } catch (error) {
    if (error instanceof AssignmentLineError) return error.message
    throw error
  }
  throw new Error(`taken: ${text}`)
}

function without(line: object, key: string): Record<string, unknown> {
  return Object.fromEntries(Object.entries(line).filter(([name]) => name !== key))
}

describe('a line', () => {
  test('of a pod is read with both of its addresses', () => {
    expect(parseAssignmentLine(JSON.stringify(POD))).toEqual({
      ...POD,
      addresses: [
        { family: 4, words: [0x0a000105] },
        { family: 6, words: [0x26001f16, 0, 0, 5] },
      ],
      from: Date.parse('2024-05-01T09:12:03Z'),
      until: Infinity,
      seen: Date.parse('2024-05-01T10:05:00Z'),
      labels: new Map([['app', 'cart']]),
      hostNetwork: false,
    })
  })

  test('of a node, an interface, a subnet and a zone is read', () => {
    const { kind: _kind, ...rest } = POD
    const kinds = [
      { kind: 'node', ...rest },
      { kind: 'interface', service: 'rds', ...rest },
      SUBNET,
      { kind: 'zone', uid: 'use2-az1', name: 'us-east-2a', seen: POD.seen },
    ].map(line => parseAssignmentLine(JSON.stringify(line))?.kind)
    expect(kinds).toEqual(['node', 'interface', 'subnet', 'zone'])
  })

  test('of a kind unknown to us is nothing, whatever else it says', () => {
    expect(parseAssignmentLine('{"kind":"planet","uid":7}')).toBeNull()
  })

  test('may have keys unknown to us', () => {
    expect(parseAssignmentLine(JSON.stringify({ ...POD, mood: [1], toString: 1 }))?.kind).toBe('pod')
  })

  test('may lack what a pod may lack', () => {
    const { workload: _w, labels: _l, node: _n, instance: _i, until: _u, ...least } = POD
    expect(parseAssignmentLine(JSON.stringify(least))).toMatchObject({
      workload: null,
      labels: new Map(),
      node: null,
      instance: null,
      until: Infinity,
    })
  })

  test('may say with an empty text that it knows nothing, and have labels that are no texts', () => {
    const line = {
      ...POD,
      workload: '',
      node: '',
      instance: '',
      zone: '',
      labels: { app: 'a', n: 7, o: null },
    }
    expect(parseAssignmentLine(JSON.stringify(line))).toMatchObject({
      workload: null,
      node: null,
      instance: null,
      zone: null,
      labels: new Map([['app', 'a']]),
    })
  })

  test('of an interface without a name is named by its uid', () => {
    const line = { ...without(POD, 'name'), kind: 'interface', uid: 'eni-1' }
    expect(parseAssignmentLine(JSON.stringify(line))).toMatchObject({ name: 'eni-1' })
  })
})

describe('a line that is refused', () => {
  test.each([
    ['', "isn't JSON"],
    ['{"kind":"pod"', "isn't JSON"],
    ['[]', "isn't a JSON object"],
    ['null', "isn't a JSON object"],
    ['7', "isn't a JSON object"],
    ['{}', 'bad "kind": expected a text, got nothing'],
    ['{"kind":7}', 'bad "kind": expected a text, got 7'],
  ])('%j: %s', (text, message) => {
    expect(messageOf(text)).toContain(message)
  })

  test.each(['uid', 'seen', 'from', 'addresses', 'namespace', 'name'])(
    'names %s where a pod lacks it',
    key => {
      expect(messageOf(JSON.stringify(without(POD, key)))).toContain(`bad "${key}"`)
    },
  )

  test.each(['uid', 'seen', 'cidr', 'zone'])('names %s where a subnet lacks it', key => {
    expect(messageOf(JSON.stringify(without(SUBNET, key)))).toContain(`bad "${key}"`)
  })

  test.each([
    ['from', '2024-05-01'],
    ['until', 'now'],
    ['until', 7],
    ['seen', null],
    ['addresses', '10.0.0.1'],
    ['addresses', ['10.0.0.1', '10.0.0.256']],
    ['addresses', [7]],
    ['labels', ['app']],
    ['hostNetwork', 'true'],
    ['uid', ''],
    ['namespace', ''],
    ['name', ''],
    ['node', 7],
    ['zone', {}],
  ])('names %s where it is %j', (key, value) => {
    expect(messageOf(JSON.stringify({ ...POD, [key]: value }))).toContain(`bad "${key}"`)
  })

  test('doesn’t take for its own what every object inherits', () => {
    expect(messageOf('{"kind":"pod","__proto__":{"uid":"x"}}')).toContain(
      'bad "uid": expected a text, got nothing',
    )
  })

  test.each([
    ['name', '"half a pair: \\ud800"'],
    ['node', '"\\udc00"'],
    ['labels', '{"app":"\\ud800"}'],
  ])('names %s where it is no Unicode: %s', (key, json) => {
    const text = JSON.stringify({ ...POD, [key]: 'HERE' }).replace('"HERE"', json)
    expect(messageOf(text)).toContain(`bad "${key}"`)
  })

  test('names the member where it is nested too deep to show', () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`
    expect(messageOf(`{"kind":"pod","uid":${deep}}`)).toBe(
      'has a bad "uid": expected a text, got a value too deep to show',
    )
  })

  test('is shown cut short and escaped', () => {
    const message = messageOf(`\u001b[2J${'\u202e'.repeat(500)}`)
    expect(message).not.toMatch(/[^\u0020-\u007e…]/)
    expect(message.length).toBeLessThan(1000)
  })
})
