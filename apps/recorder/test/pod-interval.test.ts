import type { UnixMillis } from '@zonetoll/model'
import { describe, expect, it } from 'vitest'

import type { JsonObject } from '../src/kube-json.ts'
import { HOLDS, podInterval } from '../src/pod-interval.ts'

const STARTED = '2026-11-22T10:00:05Z'
const READY = '2026-11-22T10:00:09Z'
const STOPPED = '2026-11-22T10:30:00Z'
const SEEN = Date.parse('2026-11-22T11:00:00Z') as UnixMillis

function pod(status: JsonObject, metadata: JsonObject = {}): JsonObject {
  return { metadata: { creationTimestamp: '2026-11-22T10:00:00Z', ...metadata }, status }
}

function condition(status: string, lastTransitionTime: string): JsonObject {
  return {
    conditions: [
      { type: 'Ready', status: 'False', lastTransitionTime: '2026-11-22T10:10:00Z' },
      { type: 'PodReadyToStartContainers', status, lastTransitionTime },
    ],
  }
}

function terminated(...times: (string | null)[]): JsonObject[] {
  return times.map(finishedAt => ({ state: { terminated: { finishedAt } } }))
}

function textOf(time: UnixMillis): string {
  return time === HOLDS ? 'holds' : new Date(time).toISOString().replace('.000', '')
}

const CASES: readonly (readonly [string, JsonObject, string, string])[] = [
  ['ready', pod({ phase: 'Running', startTime: STARTED, ...condition('True', READY) }), READY, 'holds'],
  ['no condition', pod({ phase: 'Running', startTime: STARTED }), STARTED, 'holds'],
  ['no start either', pod({ phase: 'Running' }), '2026-11-22T10:00:00Z', 'holds'],
  ['no time at all', { status: {} }, '2026-11-22T11:00:00Z', 'holds'],
  [
    'times that are none',
    pod({ startTime: '2026-02-30T00:00:00Z' }, { creationTimestamp: 7 }),
    '2026-11-22T11:00:00Z',
    'holds',
  ],
  [
    'an unknown condition',
    pod({ phase: 'Running', startTime: STARTED, ...condition('Unknown', READY) }),
    STARTED,
    'holds',
  ],
  [
    'a sandbox that is not there yet',
    pod({ phase: 'Pending', startTime: STARTED, ...condition('False', STARTED) }),
    STARTED,
    'holds',
  ],
  [
    'a sandbox that was lost while pending',
    pod({ phase: 'Pending', startTime: STARTED, ...condition('False', STOPPED) }),
    STARTED,
    STOPPED,
  ],
  [
    'a stopped sandbox',
    pod({ phase: 'Running', startTime: STARTED, ...condition('False', STOPPED) }),
    STARTED,
    STOPPED,
  ],
  [
    'a sandbox stopped within its first second',
    pod({ phase: 'Running', startTime: STARTED, ...condition('False', STARTED) }),
    STARTED,
    STARTED,
  ],
  [
    'finished: the condition before the containers',
    pod({
      phase: 'Failed',
      startTime: STARTED,
      ...condition('False', STOPPED),
      containerStatuses: terminated('2026-11-22T10:29:00Z'),
    }),
    STARTED,
    STOPPED,
  ],
  [
    'finished: the last container',
    pod({
      phase: 'Succeeded',
      startTime: STARTED,
      ...condition('True', READY),
      containerStatuses: terminated('2026-11-22T10:10:00Z', '2026-11-22T10:20:00Z'),
      initContainerStatuses: terminated('2026-11-22T10:15:00Z'),
    }),
    READY,
    '2026-11-22T10:20:00Z',
  ],
  [
    'failed in an init container',
    pod({
      phase: 'Failed',
      startTime: STARTED,
      containerStatuses: [{ state: { waiting: {} } }],
      initContainerStatuses: terminated('2026-11-22T10:15:00Z'),
    }),
    STARTED,
    '2026-11-22T10:15:00Z',
  ],
  [
    'terminated containers of a pod that runs on',
    pod({ phase: 'Running', startTime: STARTED, containerStatuses: terminated('2026-11-22T10:10:00Z') }),
    STARTED,
    'holds',
  ],
  [
    'evicted, without containers: the last write of its status',
    pod(
      { phase: 'Failed', reason: 'Evicted', startTime: STARTED, containerStatuses: terminated(null) },
      {
        managedFields: [
          { time: '2026-11-22T10:50:00Z' },
          { time: '2026-11-22T10:40:00Z', subresource: 'status' },
          { time: '2026-11-22T10:05:00Z', subresource: 'status' },
        ],
      },
    ),
    STARTED,
    '2026-11-22T10:40:00Z',
  ],
  [
    'finished, and nothing says when',
    pod({ phase: 'Failed', startTime: STARTED }),
    STARTED,
    '2026-11-22T11:00:00Z',
  ],
  [
    'times in the future',
    pod({
      phase: 'Failed',
      startTime: '2026-11-22T12:00:00Z',
      containerStatuses: terminated('9999-01-01T00:00:00Z'),
    }),
    '2026-11-22T11:00:00Z',
    '2026-11-22T11:00:00Z',
  ],
  [
    'an end before the beginning',
    pod({ phase: 'Failed', startTime: STARTED, containerStatuses: terminated('2020-01-01T00:00:00Z') }),
    STARTED,
    STARTED,
  ],
]

describe('the interval of a pod', () => {
  for (const [name, object, from, until] of CASES) {
    it(`${name}: from ${from}, ${until === 'holds' ? 'holds' : `until ${until}`}`, () => {
      const interval = podInterval(object, SEEN, false)
      expect([textOf(interval.from), textOf(interval.until)]).toEqual([from, until])
    })
  }

  it('a condition that was seen at True and is False has ended, however soon', () => {
    const object = pod({ phase: 'Pending', startTime: STARTED, ...condition('False', STARTED) })
    expect(podInterval(object, SEEN, true).until).toBe(Date.parse(STARTED))
  })
})
