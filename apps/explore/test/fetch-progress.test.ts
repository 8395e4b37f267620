import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { FetchProgress } from '../src/fetch-progress.ts'

function terminal(isTTY: boolean): { readonly stream: NodeJS.WriteStream; readonly written: string[] } {
  const written: string[] = []
  const stream = { isTTY, write: (text: string) => written.push(text) } as unknown as NodeJS.WriteStream
  return { stream, written }
}

test('progress is drawn over itself once it takes a while, and erased at the end', async () => {
  const { stream, written } = terminal(true)
  const progress = new FetchProgress(stream, 720)
  progress.done(1, 1024)
  expect(written).toEqual([])
  await sleep(310)
  progress.done(2, 0)
  progress.done(3, 1024)
  await sleep(110)
  progress.done(4, 0)
  progress.end()
  expect(written).toEqual([
    '\r\u001b[K2/720 rollups · 1.00 KiB fetched',
    '\r\u001b[K4/720 rollups · 2.00 KiB fetched',
    '\r\u001b[K',
  ])
})

test('nothing is drawn where it is soon over, or elsewhere than on a terminal', async () => {
  const soon = terminal(true)
  const progress = new FetchProgress(soon.stream, 1)
  progress.done(1, 5)
  progress.end()
  const elsewhere = terminal(false)
  for (const stream of [elsewhere.stream, null]) {
    const silent = new FetchProgress(stream, 1)
    await sleep(310)
    silent.done(1, 5)
    silent.end()
  }
  expect([...soon.written, ...elsewhere.written]).toEqual([])
})
