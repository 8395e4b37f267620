/**
 * What goes wrong in a run, by its seed: one or several rules, each a kind of fault on some of the requests.
 *
 *   target   which requests: lists, reads of logs, of assignments, of what stands, writes of the rollup, of the ledger
 *   first    how many of them pass before
 *   times    how many are then spoilt, one after another; for ever is one of the choices
 *
 * A plan is mild where every rule strikes once and what it does can be made good by asking again: then the run must
 * come out right, and not only fail well.
 */
import type { ProxyFault } from '../servers/fault-proxy.ts'
import type { S3Address } from '../servers/s3-address.ts'
import { Seeded } from '../support/seeded.ts'

export const KINDS = [
  'cut',
  'reset',
  'stall',
  'drip',
  'cutHead',
  'delay',
  '500',
  '503',
  '404',
  'refuse',
  'lost',
  'change',
  'changeInBody',
] as const
export type FaultKind = (typeof KINDS)[number]

const TARGETS = ['list', 'log', 'assignments', 'standing', 'rollup', 'ledger', 'any'] as const
/** Besides those of the main job the parts of a large write, and its end. */
export type Target = (typeof TARGETS)[number] | 'part' | 'complete'

/** A request that is not found isn't asked for again, and an object that changed stays another one. */
const LASTING: ReadonlySet<FaultKind> = new Set(['404', 'change', 'changeInBody'])

const FOR_EVER = 1_000_000

export interface Rule {
  readonly kind: FaultKind
  readonly target: Target
  readonly first: number
  readonly times: number
  /** Chooses the byte, the pause, the object. */
  readonly random: Seeded
}

export interface FaultPlan {
  readonly rules: readonly Rule[]
  readonly mild: boolean
  /** Asked by the proxy about every request. */
  next(request: S3Address): ProxyFault | null
  /** What struck, in the order in which it did. */
  readonly struck: readonly { readonly kind: FaultKind; readonly request: S3Address }[]
}

export interface PlanOptions {
  /** Kinds to choose from; all if not given. */
  readonly kinds?: readonly FaultKind[]
  /** Targets to choose from; those of the main job if not given. */
  readonly targets?: readonly Target[]
  /** Puts another content under the key. */
  readonly change: (key: string) => Promise<void>
}

export function faultPlan(seed: number, { kinds = KINDS, targets, change }: PlanOptions): FaultPlan {
  const random = new Seeded(seed)
  // Each kind in its turn, so that all are had however few the seeds are.
  const kindOf = (at: number) => (at === 0 ? kinds[seed % kinds.length]! : random.pick(kinds))
  const mild = random.chance(0.4)
  const rules = random.list(mild ? 1 : 1 + random.int(3), at => {
    const kind = kindOf(at)
    const target = targets === undefined ? targetOf(kind, random) : random.pick(targets)
    const times = mild || kind === 'change' || kind === 'changeInBody' ? 1 : random.pick([1, 2, 3, FOR_EVER])
    return { kind, target, first: random.int(target === 'log' || target === 'any' ? 12 : 2), times, random }
  })
  const seen = rules.map(() => 0)
  const struck: { kind: FaultKind; request: S3Address }[] = []
  return {
    rules,
    mild: mild && rules.every(({ kind }) => !LASTING.has(kind)),
    struck,
    next(request) {
      for (const [at, rule] of rules.entries()) {
        if (!isOf(request, rule.target)) continue
        const number = seen[at]!++
        if (number < rule.first || number >= rule.first + rule.times) continue
        struck.push({ kind: rule.kind, request })
        return faultOf(rule, request, change)
      }
      return null
    },
  }
}

function targetOf(kind: FaultKind, random: Seeded): Target {
  if (kind === 'change' || kind === 'changeInBody') return random.pick(['log', 'log', 'assignments'])
  // An answer to a write has no body to speak of.
  if (kind === 'cut' || kind === 'drip') return random.pick(['list', 'log', 'log', 'assignments', 'standing'])
  return random.pick(TARGETS)
}

function isOf({ method, key, query }: S3Address, target: Target): boolean {
  switch (target) {
    case 'list':
      return method === 'GET' && query['list-type'] === '2'
    case 'log':
      return method === 'GET' && key.startsWith('logs/')
    case 'assignments':
      return method === 'GET' && key.startsWith('assignments/')
    case 'standing':
      return (method === 'GET' || method === 'HEAD') && key.startsWith('rollups/')
    case 'rollup':
      return method === 'PUT' && key.endsWith('rollup.parquet')
    case 'ledger':
      return method === 'PUT' && key.endsWith('_ledger.json')
    case 'part':
      return method === 'PUT' && 'partNumber' in query
    case 'complete':
      return method === 'POST' && 'uploadId' in query
    case 'any':
      return true
  }
}

/** Some KiB: what the objects of a noisy hour have, and a bit more. */
const LONGEST = 6000

function faultOf(
  { kind, random }: Rule,
  { key }: S3Address,
  change: (key: string) => Promise<void>,
): ProxyFault {
  const after = random.chance(0.2) ? 0 : random.int(LONGEST)
  switch (kind) {
    case 'cut':
    case 'reset':
    case 'stall':
      return { kind, after }
    case 'drip':
      return { kind, bytes: 200 + random.int(2000), millis: 1 + random.int(10) }
    case 'cutHead':
      return { kind, after: random.int(200) }
    case 'delay':
      return { kind, millis: random.int(150) }
    case '500':
      return { kind: 'error', status: 500, code: 'InternalError' }
    case '503':
      return { kind: 'error', status: 503, code: 'SlowDown' }
    case '404':
      return { kind: 'error', status: 404, code: key === '' ? 'NoSuchBucket' : 'NoSuchKey' }
    case 'refuse':
    case 'lost':
      return { kind }
    case 'change':
      return { kind: 'before', work: () => change(key) }
    case 'changeInBody':
      return { kind: 'cut', after: random.int(1500), work: () => change(key) }
  }
}
