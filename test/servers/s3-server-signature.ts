// Signature Version 4, computed a second time as the server does: by the documentation, from the bytes of the request.
//
// The canonical path is the key's UTF-8 bytes, each but A-Z a-z 0-9 - . _ ~ and '/' percent-encoded, once: what came
// must be just that, so that a client which encodes a key otherwise is found out.
// Source: Amazon S3 API Reference, Authenticating Requests: Using the Authorization Header.

import { createHash, createHmac, timingSafeEqual } from 'node:crypto'

export interface SignedRequest {
  readonly method: string
  /** As it was sent. */
  readonly path: string
  readonly search: string
  readonly headers: Readonly<Record<string, string>>
}

/** What is wrong with the signature; null where it is right. */
export function signatureProblem(request: SignedRequest, secretAccessKey: string): string | null {
  const parts =
    /^AWS4-HMAC-SHA256 Credential=[^/]+\/(\d{8})\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/.exec(
      request.headers['authorization'] ?? '',
    )
  if (parts === null) return 'The authorization header is malformed'
  const [, day = '', region = '', names = '', given = ''] = parts
  const path = request.path.split('/').map(encodedAsSent).join('/')
  if (path !== request.path) return `The path is ${request.path}, and would be ${path}`
  const signed = names.split(';')
  for (const name of Object.keys(request.headers)) {
    if ((name === 'host' || name.startsWith('x-amz-')) && !signed.includes(name)) {
      return `The header ${name} is not signed`
    }
  }
  const canonical = [
    request.method,
    path,
    canonicalQuery(request.search),
    ...signed.map(name => `${name}:${(request.headers[name] ?? '').trim().replaceAll(/ +/g, ' ')}`),
    '',
    names,
    request.headers['x-amz-content-sha256'] ?? '',
  ].join('\n')
  const scope = `${day}/${region}/s3/aws4_request`
  const time = request.headers['x-amz-date'] ?? ''
  if (!time.startsWith(day)) return 'The date of the scope is not that of the request'
  const text = ['AWS4-HMAC-SHA256', time, scope, createHash('sha256').update(canonical).digest('hex')].join(
    '\n',
  )
  let key: string | Buffer = `AWS4${secretAccessKey}`
  for (const part of [day, region, 's3', 'aws4_request'])
    key = createHmac('sha256', key).update(part).digest()
  const expected = createHmac('sha256', key).update(text).digest()
  return timingSafeEqual(expected, Buffer.from(given, 'hex'))
    ? null
    : 'The request signature we calculated does not match the signature you provided.'
}

function canonicalQuery(search: string): string {
  return search
    .split('&')
    .filter(part => part !== '')
    .map(part => {
      const at = part.indexOf('=')
      return at < 0 ? [part, ''] : [part.slice(0, at), part.slice(at + 1)]
    })
    .map(([name, value]) => `${encodedAsSent(name!)}=${encodedAsSent(value!)}`)
    .sort()
    .join('&')
}

// Decoded and encoded again. A plus is a plus: only forms write a space as one.
function encodedAsSent(part: string): string {
  let decoded: string
  try {
    decoded = decodeURIComponent(part)
  } catch {
    return ''
  }
  return encodeURIComponent(decoded).replaceAll(
    /[!'()*]/g,
    character => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}
