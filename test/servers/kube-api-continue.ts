// Continue tokens of the API server for tests: where in a list, and as of which version, the next page begins.

import { KubeFailure, member, textMember } from './kube-api-objects.ts'
import { prefixOf, type KubeRequest } from './kube-api-request.ts'

// {"v":"meta.k8s.io/v1","rv":218,"start":"/default/web-1\0"}, in base64url; rv -1 asks for what is there now.
export function continueToken(version: number, last: string, request: KubeRequest): string {
  const start = `/${last.slice(prefixOf(request).length)}\0`
  return encodeContinue(version, start)
}

function encodeContinue(rv: number, start: string): string {
  return Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv, start })).toString('base64url')
}

export function parseContinue(token: string): { readonly version: number; readonly start: string } {
  const bytes = Buffer.from(token, 'base64url')
  let value: unknown
  try {
    value = JSON.parse(bytes.toString('utf8'))
  } catch {
    const first = `\\u${(bytes[0] ?? 0).toString(16).padStart(4, '0')}`
    const message = `invalid continue token: continue key is not valid: invalid character '${first}' looking for beginning of value`
    throw new KubeFailure(400, 'BadRequest', message)
  }
  return { version: Number(member(value, 'rv')), start: textMember(value, 'start').replace(/^\//, '') }
}

export function keyAfter(start: string, request: KubeRequest): string {
  return prefixOf(request) + start.replace(/\0$/, '')
}

export function expiredContinue(start: string): KubeFailure {
  const message =
    'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.'
  return new KubeFailure(410, 'Expired', message, { continue: encodeContinue(-1, start) })
}
