// What a failed request means for the one who made it: what to do next, and what to tell the user.
//
//   expired        410 in any of its forms: what was listed is too old to go on from; list anew
//   unauthorized   401: the credentials aren't accepted; get new ones
//   forbidden      403: a permission is missing; somebody has to grant it
//   failed         anything else: try again
//
// A server says "expired" in four ways: HTTP 410 to a list, to a page of it, to a watch, and as the ERROR event of a
// watch whose HTTP status is 200. Source: Kubernetes API concepts, 410 Gone responses.

import { KubeStatusError } from './kube-request.ts'
import { nameOf, type KubeResource } from './kube-resource.ts'

export type Trouble = 'expired' | 'failed' | 'forbidden' | 'unauthorized'

export type KubeVerb = 'list' | 'watch'

export function troubleOf(error: unknown): Trouble {
  if (!(error instanceof KubeStatusError)) return 'failed'
  if (error.status === 410 || error.reason === 'Expired' || error.reason === 'Gone') return 'expired'
  if (error.status === 401) return 'unauthorized'
  return error.status === 403 ? 'forbidden' : 'failed'
}

/** One sentence or two, without a full stop at the end: what was asked of which server, why it failed, what helps. */
export function describeTrouble(error: unknown, verb: KubeVerb, resource: KubeResource, server: URL): string {
  const asked = `can't ${verb} ${nameOf(resource)} at ${server.origin}`
  switch (troubleOf(error)) {
    case 'forbidden':
      return `${asked}: permission is missing (403: ${reasonOf(error)}). ${missingRule(verb, resource)}`
    case 'unauthorized':
      return `${asked}: the credentials aren't accepted (401), new ones neither. Check that they belong to this cluster and that the user or role is let in (EKS: an access entry)`
    default:
      return `${asked}: ${reasonOf(error)}${isUnreachable(error) ? UNREACHABLE : ''}`
  }
}

const UNREACHABLE =
  '. Check that the server runs, that the kubeconfig has its address, and that this machine may reach it (a private endpoint answers inside its VPC alone)'

function isUnreachable(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.some(isUnreachable)
  const codes = ['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'ETIMEDOUT']
  return error instanceof Error && 'code' in error && codes.includes(String(error.code))
}

function missingRule(verb: KubeVerb, { plural, namespace }: KubeResource): string {
  const where = namespace === null ? 'a ClusterRole' : `a Role in namespace ${namespace}, or a ClusterRole,`
  return `What is missing is ${where} bound to this user or group with the rule apiGroups: [""], resources: ["${plural}"], verbs: ["${verb}"]; apps/recorder/cluster-role.yaml has all that is needed`
}

/** The error's message, with the HTTP status or the code of the system where there is one. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error instanceof KubeStatusError && error.status !== 403) return `${error.status} ${error.message}`
  // node:net tries several addresses and then has only a list of errors to show.
  if (error instanceof AggregateError && error.message === '') return error.errors.map(reasonOf).join('; ')
  return error.message === '' && 'code' in error ? String(error.code) : error.message
}
