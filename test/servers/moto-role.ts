// A role in moto's IAM, which anyone may assume and which may do what it is told.

import { createHash, createHmac } from 'node:crypto'
import type { Moto } from './moto.ts'

/** Makes the role; returns its ARN. */
export async function makeMotoRole(moto: Moto, name: string, actions: readonly string[]): Promise<string> {
  const trust = policy({ Principal: { AWS: '*' }, Action: 'sts:AssumeRole' })
  await iam(moto, { Action: 'CreateRole', RoleName: name, AssumeRolePolicyDocument: trust })
  const rights = { PolicyName: name, PolicyDocument: policy({ Action: actions, Resource: '*' }) }
  await iam(moto, { Action: 'PutRolePolicy', RoleName: name, ...rights })
  return `arn:aws:iam::123456789012:role/${name}`
}

// Signature version 4 by hand: the SDK's client for IAM is in no package here.
// Source: AWS IAM User Guide, Create a signed AWS API request.
async function iam(
  { url, region, credentials }: Moto,
  parameters: Readonly<Record<string, string>>,
): Promise<void> {
  const body = new URLSearchParams({ Version: '2010-05-08', ...parameters }).toString()
  const { host } = new URL(url)
  const date = `${new Date().toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`
  const scope = `${date.slice(0, 8)}/${region}/iam/aws4_request`
  const type = 'application/x-www-form-urlencoded'
  const names = 'content-type;host;x-amz-content-sha256;x-amz-date'
  const headers = `content-type:${type}\nhost:${host}\nx-amz-content-sha256:${sha256(body)}\nx-amz-date:${date}\n`
  const request = ['POST', '/', '', headers, names, sha256(body)].join('\n')
  const key = scope.split('/').reduce<string | Buffer>(hmac, `AWS4${credentials.secretAccessKey}`)
  const signature = hmac(key, ['AWS4-HMAC-SHA256', date, scope, sha256(request)].join('\n')).toString('hex')
  const credential = `${credentials.accessKeyId}/${scope}`
  const answer = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': type,
      'x-amz-content-sha256': sha256(body),
      'x-amz-date': date,
      authorization: `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${names}, Signature=${signature}`,
    },
    body,
  })
  if (!answer.ok) throw new Error(`moto refuses ${parameters['Action']}: ${await answer.text()}`)
}

function policy(statement: object): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', ...statement }] })
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
