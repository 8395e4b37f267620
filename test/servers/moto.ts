// moto, the AWS stand-in, as a server of its own process on 127.0.0.1 that checks signatures: EC2, EKS, STS, S3.
//
// .ci/install-moto puts it on a Debian machine. Where it is missing, tests that need it are skipped, and a line says so;
// with CI set they run at any rate, and fail. With INITIAL_NO_AUTH_ACTION_COUNT=3 the first three calls need no
// signature: a user, its policy and its key are made with them; three more for each further user.
// Source: moto's documentation, Server mode; IAM-like access control.

import { spawn, spawnSync } from 'node:child_process'
import { createServer, type AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

const PYTHON = '/usr/bin/python3'
const REGION = 'us-east-2'
const START_MILLIS = 20_000

export interface MotoOptions {
  /** Actions the key isn't allowed, as `ec2:DescribeSubnets`; any others are. */
  readonly deny?: readonly string[]
  /** More keys: for each of them the actions that it isn't allowed. */
  readonly others?: readonly (readonly string[])[]
}

export interface MotoKey {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

export interface Moto {
  /** What AWS_ENDPOINT_URL takes. */
  readonly url: string
  readonly region: string
  readonly credentials: MotoKey
  /** In the order in which they were asked for. */
  readonly others: readonly MotoKey[]
  /** What a process needs to talk to it: endpoint, region and key as AWS variables. */
  readonly environment: Readonly<Record<string, string>>
  stop(): Promise<void>
}

/** Whether the machine has moto. */
export function motoInstalled(): boolean {
  return spawnSync(PYTHON, ['-c', 'import moto.server, flask_cors'], { stdio: 'ignore' }).status === 0
}

/** Whether tests that need moto run: they don't where it is missing, which is said, unless CI is set. */
export function motoWanted(): boolean {
  if (process.env['CI'] || motoInstalled()) return true
  process.stderr.write('skipped: moto is not installed (.ci/install-moto installs it)\n')
  return false
}

export async function startMoto({ deny = [], others: denials = [] }: MotoOptions = {}): Promise<Moto> {
  const port = await freePort()
  const child = spawn(PYTHON, ['-m', 'moto.server', '-H', '127.0.0.1', '-p', String(port)], {
    env: { ...process.env, INITIAL_NO_AUTH_ACTION_COUNT: String(3 + 3 * denials.length) },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-2_000)))
  const exited = new Promise<void>(resolve => {
    child.on('exit', () => resolve())
    child.on('error', error => {
      said += error.message
      resolve()
    })
  })
  const url = `http://127.0.0.1:${port}`
  const stop = async () => {
    child.kill('SIGKILL')
    await exited
  }
  try {
    const deadline = performance.now() + START_MILLIS
    while (!(await answers(url))) {
      if (child.exitCode !== null || performance.now() > deadline)
        throw new Error(`moto doesn't start: ${said}`)
      await sleep(50)
    }
    const credentials = await makeKey(url, 'tests', deny)
    const others: MotoKey[] = []
    for (const [at, denied] of denials.entries()) others.push(await makeKey(url, `other-${at}`, denied))
    const environment = {
      AWS_ENDPOINT_URL: url,
      AWS_REGION: REGION,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    }
    return { url, region: REGION, credentials, others, environment, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function makeKey(url: string, user: string, deny: readonly string[]): Promise<MotoKey> {
  const statements = [{ Effect: 'Allow', Action: ['*'], Resource: '*' }]
  if (deny.length > 0) statements.push({ Effect: 'Deny', Action: [...deny], Resource: '*' })
  const policy = JSON.stringify({ Version: '2012-10-17', Statement: statements })
  await iam(url, { Action: 'CreateUser', UserName: user })
  await iam(url, { Action: 'PutUserPolicy', UserName: user, PolicyName: user, PolicyDocument: policy })
  const answer = await iam(url, { Action: 'CreateAccessKey', UserName: user })
  const member = (name: string) => {
    const value = new RegExp(`<${name}>([^<]+)</${name}>`).exec(answer)?.[1]
    if (value === undefined) throw new Error(`moto's answer has no ${name}: ${answer}`)
    return value
  }
  return { accessKeyId: member('AccessKeyId'), secretAccessKey: member('SecretAccessKey') }
}

// The scope in the header tells moto which service is meant; the signature isn't looked at for these calls.
async function iam(url: string, parameters: Readonly<Record<string, string>>): Promise<string> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: {
      Authorization: `AWS4-HMAC-SHA256 Credential=none/20240501/${REGION}/iam/aws4_request, SignedHeaders=host, Signature=none`,
    },
    body: new URLSearchParams({ Version: '2010-05-08', ...parameters }),
  })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`moto refuses ${parameters['Action']}: ${text}`)
  return text
}

async function answers(url: string): Promise<boolean> {
  try {
    await (await fetch(`${url}/moto-api/`)).arrayBuffer()
    return true
  } catch {
    return false
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise(resolve => server.close(resolve))
  return port
}
