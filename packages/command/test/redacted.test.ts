import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { redacted } from '../src/redacted.ts'

const NOTHING = {}

test.each([
  [
    'a presigned address',
    'https://b.s3.amazonaws.com/k?X-Amz-Credential=AKIA%2F2024&X-Amz-Date=20240501T100000Z&X-Amz-Signature=0123456789abcdef: no',
    'https://b.s3.amazonaws.com/k?X-Amz-Credential=[hidden]&X-Amz-Date=20240501T100000Z&X-Amz-Signature=[hidden]: no',
  ],
  ['its session token', '?x-amz-security-token=IQoJb3JpZ2lu&x=1', '?x-amz-security-token=[hidden]&x=1'],
  [
    'a request’s signature',
    'SignedHeaders=host, Signature=0123456789abcdef0123',
    'SignedHeaders=host, Signature=[hidden]',
  ],
  [
    'a session token in a header',
    'header x-amz-security-token: IQoJb3JpZ2luX2VjE+/=, refused',
    'header x-amz-security-token: [hidden], refused',
  ],
  [
    'a session token of a profile',
    'aws_session_token = IQoJb3JpZ2luX2VjE\nregion = x',
    'aws_session_token = [hidden]\nregion = x',
  ],
  [
    'what a library shows of credentials',
    '{"secretAccessKey":"wJalrXUtnFEMI/K7MDENG","sessionToken":"IQoJb3JpZ2lu"} <SessionToken>IQoJb3JpZ2lu</SessionToken>',
    '{"secretAccessKey":"[hidden]","sessionToken":"[hidden]"} <SessionToken>[hidden]</SessionToken>',
  ],
  ['a bearer token', 'Authorization: Bearer eyJhbGciOi.J9-_~+/=', 'Authorization: Bearer [hidden]'],
  ['an EKS token', '"k8s-aws-v1.aHR0cHM6Ly9zdHM"', '"k8s-aws-v1.[hidden]"'],
  [
    'a password in an address',
    'http://me:hunter2@127.0.0.1:3128 refuses',
    'http://[hidden]@127.0.0.1:3128 refuses',
  ],
])('%s is hidden, and what is around it stays', (_what, text, shown) => {
  expect(redacted(text, NOTHING)).toBe(shown)
})

test('a secret of the environment is hidden percent-encoded, too', () => {
  const environment = { AWS_SECRET_ACCESS_KEY: 'abc/def+ghi=' }
  expect(redacted('key=abc%2Fdef%2Bghi%3D&x', environment)).toBe('key=[hidden]&x')
})

test('ordinary messages stay as they are', () => {
  for (const text of [
    's3://bucket/logs/AWSLogs/123456789012/vpcflowlogs/us-east-2/2024/05/01/ does not exist',
    's3://arn:aws:s3:us-east-2:123456789012:accesspoint/flows/logs/',
    'HTTP 403 SignatureDoesNotMatch: The request signature we calculated does not match the signature you provided.',
    'the bearer of this message',
    'http://127.0.0.1:9000 and user@host:22',
  ]) {
    expect(redacted(text, NOTHING)).toBe(text)
  }
})

test('no secret of the environment comes out, wherever it stands and whatever characters it has', () => {
  const secret = fc.string({ minLength: 8, maxLength: 40 })
  fc.assert(
    fc.property(fc.string(), secret, fc.string(), secret, (before, key, between, token) => {
      const environment = { AWS_SECRET_ACCESS_KEY: key, AWS_SESSION_TOKEN: token }
      const shown = redacted(`${before}${key}${between}${token}${key}`, environment)
      fc.pre(!'[hidden]'.includes(key) && !'[hidden]'.includes(token))
      expect(shown.includes(key)).toBe(false)
    }),
    { seed: 20240501, numRuns: 500 },
  )
})

test('a variable too short to be a secret hides nothing', () => {
  expect(redacted('aaa', { AWS_SECRET_ACCESS_KEY: 'a', AWS_SESSION_TOKEN: '' })).toBe('aaa')
})
