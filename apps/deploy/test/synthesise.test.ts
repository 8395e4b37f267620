// `pnpm cdk synth` as it is run, and what a synthesis does besides writing templates.

import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Bucket } from 'aws-cdk-lib/aws-s3'
import { Stack } from 'aws-cdk-lib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { appOf } from '../src/synthesise.ts'
import { config } from './template.ts'

const DEPLOY = fileURLToPath(new URL('../', import.meta.url))
const EXAMPLE = 'This is the example: put your VPC and clusters into apps/deploy/src/zonetoll.config.ts.'

let box: string

beforeAll(() => {
  box = mkdtempSync(join(tmpdir(), 'zonetoll-synth-'))
})

afterAll(() => {
  rmSync(box, { recursive: true, force: true })
})

interface Ended {
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

// No account, no credentials, no home, and a proxy that refuses: whoever asks the network fails.
function cdk(...args: string[]): Promise<Ended> {
  const env = {
    PATH: process.env['PATH'],
    HOME: join(box, 'home'),
    HTTP_PROXY: 'http://127.0.0.1:9',
    HTTPS_PROXY: 'http://127.0.0.1:9',
    AWS_EC2_METADATA_DISABLED: 'true',
  }
  return new Promise(resolve => {
    const child = execFile(
      process.execPath,
      ['node_modules/aws-cdk/bin/cdk', ...args],
      { cwd: DEPLOY, env, maxBuffer: 64 << 20 },
      (_error, stdout, stderr) => resolve({ status: child.exitCode ?? -1, stdout, stderr }),
    )
  })
}

describe('pnpm cdk', () => {
  test('synth needs no network, no account and no Docker, and takes into the image what .dockerignore lets through', async () => {
    const out = join(box, 'out')
    const { status, stderr, stdout } = await cdk('synth', '--json', '--output', out)
    expect(stderr).toContain(EXAMPLE)
    expect(status).toBe(0)
    expect(Object.keys(JSON.parse(stdout) as object)).toContain('Resources')
    const asset = readdirSync(out).find(name => name.startsWith('asset.'))!
    const files = readdirSync(join(out, asset), { recursive: true }) as string[]
    expect(files).toEqual(
      expect.arrayContaining([
        'Dockerfile',
        'package.json',
        'pnpm-lock.yaml',
        'packages/objects/src/index.ts',
        'apps/worker/src/main.ts',
        'apps/recorder/src/main.ts',
        'apps/deploy/image/entrypoint.sh',
      ]),
    )
    const strays = files.filter(path =>
      /(?:^|\/)(?:node_modules|test|\.git|cdk\.out)(?:\/|$)|^bench|^rollups|\.env/.test(path),
    )
    expect(strays).toEqual([])
    expect(readdirSync(join(out, asset, 'apps/deploy'))).toEqual(['image'])
    // Docker keeps the mode.
    expect(statSync(join(out, asset, 'apps/deploy/image/entrypoint.sh')).mode & 0o111).toBe(0o111)
  })

  test('list names the stacks', async () => {
    const { status, stdout } = await cdk('list', '--output', join(box, 'list'))
    expect(status).toBe(0)
    expect(stdout).toContain('Zonetoll')
  })

  test('is set to ask nothing of anybody', () => {
    expect(JSON.parse(readFileSync(`${DEPLOY}cdk.json`, 'utf8'))).toMatchObject({
      app: 'node src/main.ts',
      notices: false,
      versionReporting: false,
      context: { 'cli-telemetry': false },
    })
  })
})

describe('cdk-nag', () => {
  test('fails the synthesis for what nobody explained', () => {
    const app = appOf([config()], { outdir: join(box, 'nag') })
    const stack = app.node.children.find(child => Stack.isStack(child))!
    // oxlint-disable-next-line eslint/no-new -- a construct adds itself to its scope
    new Bucket(stack, 'Careless')
    expect(() => app.synth()).toThrow(
      /AwsSolutions-S1'[^]*AwsSolutions-S10'|AwsSolutions-S10'[^]*AwsSolutions-S1'/,
    )
  })

  test('is joined by CloudFormation’s own schemas', () => {
    const app = appOf([config()], { outdir: join(box, 'schema') })
    const stack = app.node.children.find(child => Stack.isStack(child))!
    // An untyped property: TypeScript can't see that its spelling is wrong.
    const flowLog = stack.node.findChild('FlowLog').node.findChild('Resource') as unknown as {
      destinationOptions: unknown
    }
    flowLog.destinationOptions = { fileFormat: 'plain-text' }
    expect(() => app.synth()).toThrow("Did you mean 'FileFormat'?")
  })
})
