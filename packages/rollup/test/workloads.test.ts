import { expect, test } from 'vitest'
import { realHour } from '../../../test/support/real-hour.ts'

function pod(uid: string, workload: string | null, zone: string, over: object = {}): string {
  return JSON.stringify({
    kind: 'pod',
    uid,
    name: uid,
    namespace: 'shop',
    addresses: [`10.0.0.${uid}`, `2600:1f16::${uid}`],
    from: '2024-05-01T00:00:00Z',
    until: null,
    seen: '2024-05-01T10:30:00Z',
    workload,
    zone,
    ...over,
  })
}

test('workloads count the pods that held an address in the hour, once each, by zone, sorted', () => {
  const { workloads } = realHour({
    objects: [],
    assignments: [
      pod('1', 'Deployment/cart', 'use2-az1'),
      pod('2', 'Deployment/cart', 'use2-az1'),
      pod('3', 'Deployment/cart', 'use2-az2'),
      pod('4', 'Deployment/cart', 'use2-az2', { namespace: 'Shop' }),
      pod('5', 'DaemonSet/log', 'use2-az3', { until: '2024-05-01T10:00:01Z' }),
      pod('6', 'DaemonSet/log', 'use2-az3', { until: '2024-05-01T10:00:00Z' }),
      pod('7', 'DaemonSet/log', 'use2-az3', { hostNetwork: true }),
      pod('8', null, 'use2-az1'),
      pod('9', '\u{1F6D2}', 'use2-az1'),
      pod('10', '\uFF5E', 'use2-az1'),
    ],
    hour: Date.parse('2024-05-01T10:00:00Z') / 1000,
    allPairs: false,
    appLabels: [],
  })
  expect(workloads).toEqual([
    { namespace: 'Shop', workload: 'Deployment/cart', zones: { 'use2-az2': 1 } },
    { namespace: 'shop', workload: 'DaemonSet/log', zones: { 'use2-az3': 1 } },
    { namespace: 'shop', workload: 'Deployment/cart', zones: { 'use2-az1': 2, 'use2-az2': 1 } },
    { namespace: 'shop', workload: '\uFF5E', zones: { 'use2-az1': 1 } },
    { namespace: 'shop', workload: '\u{1F6D2}', zones: { 'use2-az1': 1 } },
  ])
})
