// The API server for tests is held against what a real one answered: 26 recorded exchanges, played again in the order
// in which they were recorded, against the same objects.

import { readdirSync, readFileSync } from 'node:fs'
import http from 'node:http'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { textMember, type KubeObject } from './servers/kube-api-objects.ts'
import { startKubeApi, type KubeApi } from './servers/kube-api.ts'

interface Exchange {
  readonly request: { readonly method: string; readonly path: string }
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly chunked: boolean
  readonly endedMs: number
  readonly lines: readonly { readonly ms: number; readonly line: string }[]
}

const FOLDER = new URL('golden/k8s-recorded/', import.meta.url)
const RECORDED = new Map(
  readdirSync(FOLDER).map(name => [
    name.replace('.json', ''),
    JSON.parse(readFileSync(new URL(name, FOLDER), 'utf8')) as Exchange,
  ]),
)
// A second of the server lasts this long, so that a watch of 70 s takes less than one.
const SECOND_MILLIS = 12

interface Answer {
  readonly status: number
  readonly headers: http.IncomingHttpHeaders
  readonly lines: readonly string[]
}

function recorded(name: string): Exchange {
  const exchange = RECORDED.get(name)
  if (exchange === undefined) throw new Error(`there is no recording ${name}`)
  return exchange
}

function objectsOf(name: string): KubeObject[] {
  const list = JSON.parse(recorded(name).lines[0]!.line) as { items: KubeObject[] }
  return list.items
}

function ask(api: KubeApi, { request }: Exchange, body?: KubeObject, token?: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = {
      accept: 'application/json',
      connection: 'close',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    }
    const sent = http.request(api.url + request.path, { method: request.method, headers }, response => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8')
        resolve({
          status: response.statusCode!,
          headers: response.headers,
          lines: text.split('\n').filter(line => line !== ''),
        })
      })
    })
    sent.on('error', reject)
    sent.end(body === undefined ? undefined : JSON.stringify(body))
  })
}

// What differs from run to run: uids of objects made now, times, the managers of fields.
function comparable(line: string): unknown {
  return JSON.parse(line, (key, value: unknown) => {
    if (key === 'managedFields') return undefined
    if (key === 'uid') return 'a uid'
    if (key.endsWith('Timestamp')) return 'a time'
    return value
  }) as unknown
}

// The keys of objects in their order, and the types of values.
function shapeOf(line: string): string {
  return JSON.stringify(comparable(line))
}

function expectAlike(answer: Answer, exchange: Exchange): void {
  expect(answer.status).toBe(exchange.status)
  const volatile = new Set(['connection', 'content-length', 'date', 'transfer-encoding', 'keep-alive'])
  const names = (headers: object) => Object.keys(headers).filter(name => !volatile.has(name))
  expect(names(answer.headers).sort()).toEqual(names(exchange.headers).sort())
  for (const name of ['cache-control', 'content-type', 'retry-after', 'x-content-type-options']) {
    expect(answer.headers[name], name).toBe(exchange.headers[name])
  }
  expect(answer.headers['transfer-encoding'] === 'chunked').toBe(exchange.chunked)
}

function expectSameLines(answer: Answer, exchange: Exchange): void {
  expectAlike(answer, exchange)
  expect(answer.lines.map(shapeOf)).toEqual(exchange.lines.map(({ line }) => shapeOf(line)))
}

interface WatchEvent {
  readonly type: string
  readonly object: KubeObject
}

function eventsOf(lines: readonly string[]): WatchEvent[] {
  return lines.map(line => JSON.parse(line) as WatchEvent)
}

function isChange({ type }: WatchEvent): boolean {
  return type !== 'BOOKMARK'
}

// The life of the pods that every recorded watch saw: a pod runs, succeeds, is deleted, and another takes its address.
function live(api: KubeApi): void {
  const events = eventsOf(recorded('watch-full-cycle-with-bookmarks').lines.map(({ line }) => line))
  for (const { type, object } of events.filter(isChange)) {
    const name = textMember(object, 'metadata', 'name')
    const status = object['status'] as KubeObject
    if (type === 'ADDED') api.create('pods', asAsked(object))
    else if (textMember(object, 'metadata', 'deletionTimestamp') === '') {
      api.patch('pods', `default/${name}`, { status }, true)
    } else if (type === 'MODIFIED') api.delete('pods', `default/${name}`, 30)
  }
}

// A pod as it was asked for, before the server filled in the rest.
function asAsked(pod: KubeObject): KubeObject {
  const { name, namespace, labels } = pod['metadata'] as KubeObject
  const { nodeName } = pod['spec'] as KubeObject
  return {
    metadata: { name, namespace, labels },
    spec: { containers: [{ name: 'c', image: 'nginx:1.27' }], nodeName },
  }
}

describe('the API server for tests answers like a recorded one', () => {
  let api: KubeApi

  beforeAll(async () => {
    api = await startKubeApi({ secondMillis: SECOND_MILLIS })
    for (const node of objectsOf('list-nodes')) api.store.seed('nodes', node)
    for (const pod of objectsOf('list-all-pods')) api.store.seed('pods', pod)
    api.tokens.set('good', { name: 'admin', may: () => true })
  })
  afterAll(() => api.close())

  const lists = [
    'list-nodes',
    'list-all-pods',
    'list-limit3-page1',
    'list-limit3-page2',
    'list-fieldselector-nodename',
    'list-rv0',
    'list-bad-continue-400',
    'list-future-rv-504',
    'get-pod-200',
    'get-pod-404',
  ]
  for (const name of lists) {
    it(`${name}: the same status, headers and text`, async () => {
      expectSameLines(await ask(api, recorded(name)), recorded(name))
    })
  }

  it('list-401: a token that nobody knows', async () => {
    expectSameLines(await ask(api, recorded('list-401'), undefined, 'bad'), recorded('list-401'))
  })

  it('list-403-anonymous: nobody may list without a token', async () => {
    api.anonymous = { name: 'system:anonymous', may: () => false }
    const exchange = recorded('list-403-anonymous')
    expectSameLines(await ask(api, exchange), exchange)
    api.anonymous = { name: 'system:anonymous', may: () => true }
  })

  it('create-pod-409-exists: a name is taken', async () => {
    const exchange = recorded('create-pod-409-exists')
    expectSameLines(await ask(api, exchange, { metadata: { name: 'web-x', namespace: 'default' } }), exchange)
  })

  it('patch-status-200: a patch that changes nothing keeps the version', async () => {
    const exchange = recorded('patch-status-200')
    const { status } = JSON.parse(exchange.lines[0]!.line) as { status: KubeObject }
    expectSameLines(await ask(api, exchange, { status }), exchange)
  })

  it('create-pod-201: defaults are filled in', async () => {
    const other = await startKubeApi({ version: 216 })
    const exchange = recorded('create-pod-201')
    const made = JSON.parse(exchange.lines[0]!.line) as KubeObject
    expectSameLines(await ask(other, exchange, asAsked(made)), exchange)
    await other.close()
  })

  const watches = [
    'watch-full-cycle-with-bookmarks',
    'watch-no-rv-synthetic-added',
    'watch-list-sendInitialEvents',
    'watch-fieldselector-phase',
  ]
  it(`${watches.join(', ')}: the same changes in the same order`, async () => {
    const answers = watches.map(name => ask(api, recorded(name)))
    while (api.watches.size < watches.length) await new Promise(resolve => setTimeout(resolve, 1))
    live(api)
    for (const [at, answering] of answers.entries()) {
      const exchange = recorded(watches[at]!)
      const answer = await answering
      expectAlike(answer, exchange)
      const found = eventsOf(answer.lines)
      const wanted = eventsOf(exchange.lines.map(({ line }) => line))
      const shape = (events: WatchEvent[]) =>
        events.filter(isChange).map(event => shapeOf(JSON.stringify(event)))
      expect(shape(found), watches[at]).toEqual(shape(wanted))
      const bookmarks = (events: WatchEvent[]) =>
        events
          .filter(event => !isChange(event))
          .map(({ object }) => shapeOf(JSON.stringify(unversioned(object))))
      if (wanted.some(event => !isChange(event))) {
        expect(bookmarks(found)[0], watches[at]).toBe(bookmarks(wanted)[0])
        expect(bookmarks(found).at(-1), watches[at]).toBe(bookmarks(wanted).at(-1))
      } else {
        expect(bookmarks(found)).toEqual([])
      }
    }
  })

  it('watch-full-cycle-with-bookmarks: two bookmarks, at 60 s and shortly before the end', () => {
    const events = eventsOf(recorded('watch-full-cycle-with-bookmarks').lines.map(({ line }) => line))
    expect(events.filter(event => !isChange(event))).toHaveLength(2)
  })

  it('delete-grace30, delete-grace0: a finished pod is gone at the first request', async () => {
    const other = await startKubeApi({ version: 218 })
    live(other)
    const seen = other.store.changesAfter(0).filter(({ key }) => key === 'default/live')
    expect(seen.map(({ version, deleted }) => [version, deleted])).toEqual([
      [219, false],
      [220, false],
      [221, false],
      [222, false],
      [223, true],
    ])
    expectSameLines(await ask(other, recorded('delete-grace0')), recorded('delete-grace0'))
    await other.close()

    const fresh = await startKubeApi({ version: 218 })
    const wanted = recorded('delete-grace30')
    const { status } = JSON.parse(wanted.lines[0]!.line) as { status: KubeObject }
    fresh.create('pods', asAsked(JSON.parse(wanted.lines[0]!.line) as KubeObject))
    fresh.patch('pods', 'default/live', { status: { ...status, phase: 'Running' } }, true)
    fresh.patch('pods', 'default/live', { status }, true)
    expectSameLines(await ask(fresh, wanted), wanted)
    await fresh.close()
  })

  it('list-410-expired-continue, list-inconsistent-continue-200, list-410-exact-rv, watch-410-ERROR-event: history is gone', async () => {
    const other = await startKubeApi({ secondMillis: SECOND_MILLIS })
    for (const pod of objectsOf('list-all-pods')) other.store.seed('pods', pod)
    for (const name of ['z0', 'z1', 'z2']) {
      other.create('pods', { metadata: { name, namespace: 'default' }, spec: { containers: [] } })
    }
    other.store.advance(250 - other.store.version)
    other.store.compact()
    for (const name of ['list-410-expired-continue', 'list-410-exact-rv', 'watch-410-ERROR-event']) {
      expectSameLines(await ask(other, recorded(name)), recorded(name))
    }
    other.store.advance(1)
    const exchange = recorded('list-inconsistent-continue-200')
    expectSameLines(await ask(other, exchange), exchange)
    await other.close()
  })

  it('watch-cut-by-server-SIGTERM: what came before is replayed, and the watch lasts its time', async () => {
    const other = await startKubeApi({ secondMillis: SECOND_MILLIS, version: 239 })
    const exchange = recorded('watch-cut-by-server-SIGTERM')
    for (const { object } of eventsOf(exchange.lines.map(({ line }) => line))) {
      other.create('pods', asAsked(object))
    }
    const begun = performance.now()
    expectSameLines(await ask(other, exchange), exchange)
    expect(performance.now() - begun).toBeGreaterThan(59 * SECOND_MILLIS)
    await other.close()
  })

  it('every recorded exchange is in one of these tests', () => {
    const source = readFileSync(new URL(import.meta.url), 'utf8')
    expect(RECORDED.size).toBe(26)
    for (const name of RECORDED.keys()) expect(source, name).toContain(`'${name}`)
  })
})

function unversioned(object: KubeObject): KubeObject {
  const metadata = { ...(object['metadata'] as KubeObject), resourceVersion: 'a version' }
  return { ...object, metadata }
}
