/**
 * Loads an assignment log of some pods and subnets and says what that took, as JSON.
 *
 *   node --expose-gc load-assignments.ts PODS SUBNETS
 *
 * Lines go by one at a time, as from a file: what is kept is the timeline's. Each pod has an IPv4 and an
 * IPv6 address and the labels and names that a real one has.
 */
import { parseAssignmentLine, Timeline, type AssignmentLine } from '@zonetoll/assignments'

const pods = Number(process.argv[2])
const subnets = Number(process.argv[3])

function podLine(at: number): string {
  const hex = at.toString(16).padStart(8, '0')
  return JSON.stringify({
    kind: 'pod',
    uid: `${hex}-4c1d-4f0e-9b55-0123456789ab`,
    addresses: [
      `10.${at >> 16}.${(at >> 8) & 255}.${at & 255}`,
      `2600:1f16:0:${(at >> 12).toString(16)}::${at.toString(16)}`,
    ],
    from: '2024-05-01T09:12:03Z',
    until: at % 5 === 0 ? '2024-05-01T10:30:00Z' : null,
    seen: '2024-05-01T10:59:00Z',
    namespace: `team-${at % 40}`,
    name: `service-${at % 700}-7d9f8c6b5d-${hex.slice(3)}`,
    workload: `Deployment/service-${at % 700}`,
    labels: {
      app: `service-${at % 700}`,
      'app.kubernetes.io/name': `service-${at % 700}`,
      'pod-template-hash': '7d9f8c6b5d',
      tier: 'backend',
    },
    node: `ip-10-0-${(at >> 5) & 255}-${at & 31}.us-east-2.compute.internal`,
    instance: `i-0${(at >> 5).toString(16).padStart(16, '0')}`,
    zone: `use2-az${(at % 3) + 1}`,
  })
}

function subnetLine(at: number): string {
  return JSON.stringify({
    kind: 'subnet',
    uid: `subnet-0${at.toString(16).padStart(16, '0')}`,
    cidr: `10.${at >> 3}.${(at & 7) * 32}.0/19`,
    seen: '2024-05-01T10:59:00Z',
    zone: `use2-az${(at % 3) + 1}`,
  })
}

const texts = [
  ...Array.from({ length: pods }, (_, at) => podLine(at)),
  ...Array.from({ length: subnets }, (_, at) => subnetLine(at)),
]

let most = 0
function megabytes(): number {
  const { heapUsed, external } = process.memoryUsage()
  const used = (heapUsed + external) / 2 ** 20
  most = Math.max(most, used)
  return used
}

function* lines(): Generator<AssignmentLine> {
  for (const [at, text] of texts.entries()) {
    const line = parseAssignmentLine(text)
    if (line !== null) yield line
    if (at % 1000 === 0) megabytes()
  }
}

if (globalThis.gc === undefined) throw new Error('needs node --expose-gc')
globalThis.gc()
const before = megabytes()
const cpu = process.cpuUsage()
const timeline = new Timeline(lines(), { appLabels: ['app'] })
const { user, system } = process.cpuUsage(cpu)
megabytes()
globalThis.gc()
const after = megabytes()

let found = 0
const start = Date.parse('2024-05-01T10:00:00Z')
for (let at = 0; at < pods; at++) {
  const four = timeline.find4(10 * 2 ** 24 + at)
  const six = timeline.find6([0x26001f16, at >> 12, 0, at], 0)
  for (const entry of [four, six]) {
    if (entry >= 0 && timeline.endpoints[timeline.holder(entry, start, start + 1)]?.kind === 'pod') found++
  }
}
process.stdout.write(
  JSON.stringify({
    endpoints: timeline.endpoints.length,
    found,
    cpuSeconds: (user + system) / 1e6,
    megabytesKept: after - before,
    megabytesAtMost: most - before,
  }),
)
