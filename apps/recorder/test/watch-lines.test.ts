import * as fc from 'fast-check'
import { expect, it } from 'vitest'

import { KubeAnswerError } from '../src/kube-request.ts'
import { WatchLines } from '../src/watch-lines.ts'

// The plain twin: all bytes at once.
function splitWhole(bytes: Buffer): string[] {
  const lines = bytes.toString('utf8').split('\n')
  // What no line feed has ended isn't a line yet.
  return lines.slice(0, -1).filter(line => line !== '')
}

function splitAt(bytes: Buffer, cuts: readonly number[]): string[] {
  const lines: string[] = []
  const reader = new WatchLines()
  const edges = [0, ...cuts.toSorted((a, b) => a - b), bytes.length]
  for (let at = 1; at < edges.length; at++) {
    reader.push(bytes.subarray(edges[at - 1], edges[at]), line => lines.push(line))
  }
  return lines
}

it('gives the same lines wherever the stream is cut, once', () => {
  const bytes = Buffer.from('{"a":"ü€𝄞"}\n\n{"b":2}\nrest')
  for (let cut = 0; cut <= bytes.length; cut++)
    expect(splitAt(bytes, [cut])).toEqual(['{"a":"ü€𝄞"}', '{"b":2}'])
})

it('gives the lines that a split of the whole gives, whatever the chunks', () => {
  const text = fc.array(fc.oneof(fc.constant('\n'), fc.string({ unit: 'binary', maxLength: 12 })), {
    maxLength: 40,
  })
  fc.assert(
    fc.property(text, fc.array(fc.nat(400), { maxLength: 12 }), (parts, cuts) => {
      const bytes = Buffer.from(parts.join(''))
      const inside = cuts.filter(cut => cut <= bytes.length)
      expect(splitAt(bytes, inside)).toEqual(splitWhole(bytes))
    }),
    { seed: 20261122, numRuns: 500 },
  )
})

it('refuses a line that does not end', () => {
  const lines = new WatchLines()
  const chunk = new Uint8Array(2 ** 20).fill(120)
  const pushAll = () => {
    for (let megabyte = 0; megabyte < 40; megabyte++) lines.push(chunk, () => {})
  }
  expect(pushAll).toThrow(KubeAnswerError)
})
