import { describe, expect, test } from 'vitest'
import type { UnixMillis } from '@zonetoll/model'

import { InMemoryBook } from '../src/book-in-memory.ts'
import { at, podLine } from './log-fixture.ts'

const T = at('2024-05-01T10:00:00Z')
const after = (seconds: number) => (T + seconds * 1000) as UnixMillis

// A text of its own memory, as parsing gives it.
const own = (text: string) => JSON.parse(JSON.stringify(text)) as string

describe('the book', () => {
  test('tells a change once, with what the thing was before', () => {
    const book = new InMemoryBook()
    book.put(podLine('a', { seen: T }))
    const added = book.takeChanges()
    expect(added.map(({ before, after: line }) => [before, line.uid])).toEqual([[null, 'a']])
    expect(book.takeChanges()).toEqual([])
    book.put(podLine('a', { seen: after(1) }))
    expect(book.takeChanges()).toEqual([])
    book.put(podLine('a', { seen: after(2), workload: 'Deployment/a' }))
    book.put(podLine('a', { seen: after(3), workload: 'Deployment/b' }))
    const [changed, ...more] = book.takeChanges()
    expect(more).toEqual([])
    expect(changed!.before).toMatchObject({ workload: null })
    expect(changed!.after).toMatchObject({ workload: 'Deployment/b', seen: after(3) })
  })

  test('never lets `seen` go back, and what differs is seen later even when the clock is set back', () => {
    const book = new InMemoryBook()
    book.put(podLine('a', { seen: after(60) }))
    book.put(podLine('a', { seen: T, workload: 'Deployment/a' }))
    book.release('pod', 'a', after(5), T)
    const [change] = book.takeChanges()
    expect(change!.after).toMatchObject({ seen: after(60) + 2, workload: 'Deployment/a', until: after(5) })
  })

  test('sees what the log may already have later than all that is in the log', () => {
    const book = new InMemoryBook()
    book.restore([], after(600))
    book.put(podLine('a', { seen: T }))
    expect(book.takeChanges()[0]!.after.seen).toBe(after(600) + 1)
  })

  test('closes what a list lacks when it is found gone, but never later than it ended by itself', () => {
    const book = new InMemoryBook()
    book.put(podLine('runs'))
    book.put(podLine('finished', { until: at('2024-05-01T09:30:00Z') }))
    book.put(podLine('stays'))
    book.takeChanges()
    book.replace('pod', [podLine('stays', { seen: after(10) })], after(10))
    const changes = book.takeChanges()
    expect(changes.map(change => [change.after.uid, 'until' in change.after && change.after.until])).toEqual([
      ['runs', after(10)],
    ])
  })

  test('takes a release as the end only of what still held, and not before the beginning', () => {
    const book = new InMemoryBook()
    book.put(podLine('finished', { until: after(1) }))
    book.put(podLine('young', { from: after(8) }))
    book.release('pod', 'finished', after(50), after(50))
    book.release('pod', 'young', after(5), after(9))
    book.release('pod', 'unknown', after(5), after(9))
    const untils = book.takeChanges().map(({ after: line }) => 'until' in line && line.until)
    expect(untils).toEqual([after(1), after(8)])
  })

  test('keeps a finished pod while it is listed, and forgets it when it is gone and told', () => {
    const book = new InMemoryBook()
    book.put(podLine('done', { until: after(1) }))
    book.takeChanges()
    book.forget(after(4000))
    expect(book.size).toBe(1)
    book.replace('pod', [podLine('done', { until: after(1), seen: after(30) })], after(30))
    expect(book.takeChanges()).toEqual([])
    book.release('pod', 'done', after(60), after(60))
    book.forget(after(4000))
    expect(book.size).toBe(0)
  })

  test('says of what holds that it was so when anything of its kind was seen last, and of what ended only its own moment', () => {
    const book = new InMemoryBook()
    book.put(podLine('quiet', { seen: T }))
    book.put(podLine('ended', { seen: T, until: T }))
    book.put(podLine('busy', { seen: after(500) }))
    const seen = new Map([...book.lines()].map(line => [line.uid, line.seen]))
    expect(seen).toEqual(
      new Map([
        ['quiet', after(500)],
        ['ended', T],
        ['busy', after(500)],
      ]),
    )
  })

  test('forgets subnets and zones that a list lacks, without a change', () => {
    const book = new InMemoryBook()
    book.put({ kind: 'zone', uid: 'use2-az1', name: 'us-east-2a', seen: T })
    book.takeChanges()
    book.replace('zone', [{ kind: 'zone', uid: 'use2-az2', name: 'us-east-2b', seen: T }], T)
    expect(book.takeChanges().map(({ after: line }) => line.uid)).toEqual(['use2-az2'])
    expect(book.size).toBe(1)
  })

  test('holds 50,000 pods in little memory, each parsed from its own bytes', () => {
    global.gc?.()
    const before = process.memoryUsage().heapUsed
    const book = new InMemoryBook()
    for (let n = 0; n < 50_000; n++) {
      const address = { family: 4 as const, words: [n] as [number] }
      const labels = new Map([
        [own('app'), own(`app-${n % 500}`)],
        [own('tier'), own('backend')],
      ])
      const names = {
        namespace: own(`ns-${n % 50}`),
        workload: own(`Deployment/app-${n % 500}`),
        node: own(`node-${n % 1000}`),
      }
      book.put(
        podLine(`0a1b2c3d-4e5f-6071-8293-${n.toString(16).padStart(12, '0')}`, {
          addresses: [address],
          labels,
          ...names,
        }),
      )
    }
    book.takeChanges()
    global.gc?.()
    const bytes = (process.memoryUsage().heapUsed - before) / book.size
    if (process.env['ZONETOLL_FIGURES']) process.stdout.write(`book: ${bytes.toFixed(0)} bytes a pod\n`)
    expect(bytes).toBeLessThan(2_000)
  })
})
