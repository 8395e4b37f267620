// The objects of the API server for tests: what a real one fills in, the Status it answers with, selectors.
//
// Source: answers of a real kube-apiserver 1.36.2, recorded in test/golden/k8s-recorded.

export type KubeObject = { [key: string]: unknown }

export interface KubeKind {
  /** As in the path. */
  readonly plural: string
  readonly kind: string
  readonly apiVersion: string
  readonly group: string
  readonly namespaced: boolean
}

export const KUBE_KINDS: readonly KubeKind[] = [
  { plural: 'pods', kind: 'Pod', apiVersion: 'v1', group: '', namespaced: true },
  { plural: 'nodes', kind: 'Node', apiVersion: 'v1', group: '', namespaced: false },
  { plural: 'replicasets', kind: 'ReplicaSet', apiVersion: 'apps/v1', group: 'apps', namespaced: true },
]

/** An answer that isn't what was asked for, as a Status object. */
export class KubeFailure extends Error {
  readonly status: number
  readonly reason: string
  readonly extras: { readonly continue?: string; readonly details?: KubeObject; readonly retryAfter?: number }

  constructor(status: number, reason: string, message: string, extras: KubeFailure['extras'] = {}) {
    super(message)
    this.status = status
    this.reason = reason
    this.extras = extras
  }

  toStatus(): KubeObject {
    const { details } = this.extras
    return {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: this.extras.continue === undefined ? {} : { continue: this.extras.continue },
      status: 'Failure',
      message: this.message,
      reason: this.reason,
      ...(details === undefined ? {} : { details }),
      code: this.status,
    }
  }
}

export function member(object: unknown, ...path: readonly string[]): unknown {
  let value = object
  for (const key of path) {
    if (typeof value !== 'object' || value === null) return undefined
    value = (value as KubeObject)[key]
  }
  return value
}

export function textMember(object: unknown, ...path: readonly string[]): string {
  const value = member(object, ...path)
  return typeof value === 'string' ? value : ''
}

const TOLERATIONS = ['not-ready', 'unreachable'].map(what => ({
  key: `node.kubernetes.io/${what}`,
  operator: 'Exists',
  effect: 'NoExecute',
  tolerationSeconds: 300,
}))

/** What a pod's spec and status say that nobody said. */
export function withPodDefaults(pod: KubeObject): KubeObject {
  const { containers, nodeName, ...rest } = (pod['spec'] ?? {}) as KubeObject
  const list = (Array.isArray(containers) ? containers : []) as KubeObject[]
  return {
    ...pod,
    spec: {
      containers: list.map(withContainerDefaults),
      restartPolicy: 'Always',
      terminationGracePeriodSeconds: 30,
      dnsPolicy: 'ClusterFirst',
      ...(nodeName === undefined ? {} : { nodeName }),
      securityContext: {},
      schedulerName: 'default-scheduler',
      tolerations: TOLERATIONS,
      priority: 0,
      enableServiceLinks: true,
      preemptionPolicy: 'PreemptLowerPriority',
      ...rest,
    },
    status: { phase: 'Pending', qosClass: 'BestEffort' },
  }
}

function withContainerDefaults({ name, image, ...rest }: KubeObject): KubeObject {
  return {
    name,
    image,
    resources: {},
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
    imagePullPolicy: 'IfNotPresent',
    ...rest,
  }
}

const POD_STATUS_KEYS = [
  'phase',
  'conditions',
  'message',
  'reason',
  'hostIP',
  'hostIPs',
  'podIP',
  'podIPs',
  'startTime',
  'initContainerStatuses',
  'containerStatuses',
  'qosClass',
  'ephemeralContainerStatuses',
]

// Others come last.
function statusPlace(key: string): number {
  return POD_STATUS_KEYS.indexOf(key) + 1 || POD_STATUS_KEYS.length + 1
}

/** A pod whose status has its members in the order in which a server writes them. */
export function inOrder(pod: KubeObject): KubeObject {
  const { status } = pod
  if (!isPlain(status)) return pod
  const members = Object.entries(status).sort(([a], [b]) => statusPlace(a) - statusPlace(b))
  return { ...pod, status: Object.fromEntries(members) }
}

/** RFC 7386: objects are merged, everything else is replaced, null removes. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isPlain(patch)) return patch
  const merged: KubeObject = isPlain(target) ? { ...target } : {}
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key]
    else merged[key] = mergePatch(merged[key], value)
  }
  return merged
}

function isPlain(value: unknown): value is KubeObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The fields that a field selector can name. */
export interface SelectableFields {
  readonly 'metadata.name': string
  readonly 'metadata.namespace': string
  readonly 'spec.nodeName': string
  readonly 'status.phase': string
}

export function fieldsOf(object: KubeObject): SelectableFields {
  return {
    'metadata.name': textMember(object, 'metadata', 'name'),
    'metadata.namespace': textMember(object, 'metadata', 'namespace'),
    'spec.nodeName': textMember(object, 'spec', 'nodeName'),
    'status.phase': textMember(object, 'status', 'phase'),
  }
}

export type Selector = (fields: SelectableFields) => boolean

/** `spec.nodeName=a,status.phase!=Running`; null for none. Throws KubeFailure for fields that can't be selected by. */
export function parseFieldSelector(text: string | null): Selector | null {
  if (text === null || text === '') return null
  const terms = text.split(',').map(term => {
    const parts = /^([^!=]+)(!=|==?)(.*)$/.exec(term)
    const field = parts?.[1] as keyof SelectableFields
    if (parts === null || !(field in fieldsOf({}))) {
      throw new KubeFailure(400, 'BadRequest', `field label not supported: ${parts?.[1] ?? term}`)
    }
    return { field, equal: parts[2] !== '!=', value: parts[3]! }
  })
  return fields => terms.every(({ field, equal, value }) => (fields[field] === value) === equal)
}
