// What a real S3 server refuses: one message that names the bucket or key and what to do, exit status 1, and what stood
// as it stood. Every command runs with ZONETOLL_DEBUG=1, which says most, and says no secret.

import { writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { HOUR_TEXT, PARTITION, smallHour } from '../support/data-set.ts'
import { messageOf, Place, type CommandName } from './commands.ts'
import { policiesWanted, s3Target, s3Wanted, type S3Target } from './s3-target.ts'

const ROLLUP = `rollups/${PARTITION}rollup.parquet`
const LEDGER = `rollups/${PARTITION}_ledger.json`
const DENIED = ['s3:ListBucket', 's3:GetObject', 's3:PutObject']
/** Like one of AWS's, and none. */
const WRONG_SECRET = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'
const WRONG_TOKEN = 'IQoJb3JpZ2luX2VjEXAMPLE//////////wEaDmFwLW5vcnRoZWFzdC0xIkcwRQIhA'

const uris = (of: string, names: readonly string[]) =>
  names.flatMap(name => [`--${name}`, `s3://${of}/${name}`])

describe.runIf(s3Wanted())('what a real S3 server refuses', () => {
  let target: S3Target
  let place: Place
  let bucket: string

  beforeAll(async () => {
    target = await s3Target({ others: DENIED.map(action => [action]) })
    place = await Place.make()
    bucket = await target.makeBucket()
    for (const [key, body] of smallHour()) await target.put(bucket, key, body)
    await target.put(bucket, ROLLUP, 'the rollup that stood')
    await target.put(bucket, LEDGER, 'the ledger that stood')
    // Where a run finds no credentials: none here, and no server that hands them out.
    await writeFile(place.path('home', 'empty'), '')
  })
  afterAll(async () => {
    await place.close()
    await target.close()
  })

  /** What the command says: its message, with the bucket's name as $. */
  async function refusal(
    name: CommandName,
    args: readonly string[],
    env: Record<string, string> = {},
  ): Promise<string> {
    const ended = await place.run(name, args, {
      env: {
        ...target.environment,
        AWS_CONFIG_FILE: place.path('home', 'empty'),
        AWS_SHARED_CREDENTIALS_FILE: place.path('home', 'empty'),
        ZONETOLL_DEBUG: '1',
        ...env,
      },
    })
    expect(ended.status, ended.stderr).toBe(1)
    expect(ended.stdout).toBe('')
    expect(ended.stderr).toContain('    at ')
    expect(String(await target.get(bucket, ROLLUP))).toBe('the rollup that stood')
    expect(String(await target.get(bucket, LEDGER))).toBe('the ledger that stood')
    expect(await place.leftovers()).toEqual([])
    return messageOf(ended).replaceAll(bucket, '$')
  }

  const COMMANDS: readonly (readonly [CommandName, (of: string) => string[]])[] = [
    ['start', of => ['--hour', HOUR_TEXT, ...uris(of, ['logs', 'assignments', 'rollups'])]],
    ['merge', of => ['--hour', HOUR_TEXT, '--cluster', 'shop', ...uris(of, ['assignments', 'rollups'])]],
    ['record', of => ['--status', '--cluster', 'shop', ...uris(of, ['assignments'])]],
    ['query', of => ['pods', ...uris(of, ['rollups'])]],
    ['report', of => uris(of, ['rollups'])],
  ]

  describe.each(COMMANDS)('pnpm %s', (name, args) => {
    test('with a wrong secret', async () => {
      expect(await refusal(name, args(bucket), { AWS_SECRET_ACCESS_KEY: WRONG_SECRET })).toMatch(
        /^error: s3:\/\/\$\/\S*: refused \(HTTP 403 SignatureDoesNotMatch: .*\); the credentials are wrong: check AWS_PROFILE, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY$/,
      )
    })

    test('with a key that nobody has', async () => {
      const env = {
        AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
        AWS_SECRET_ACCESS_KEY: WRONG_SECRET,
        AWS_SESSION_TOKEN: WRONG_TOKEN,
      }
      expect(await refusal(name, args(bucket), env)).toMatch(
        /^error: s3:\/\/\$\/\S*: refused \(HTTP 40[03] \w+.*\); (?:the credentials are wrong: check AWS_PROFILE, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY|the session is over: log in again)$/,
      )
    })

    test('without credentials', async () => {
      expect(await refusal(name, args(bucket), { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' })).toMatch(
        /^error: s3:\/\/\$\/\S*: no AWS credentials to ask with \(.*\); set AWS_PROFILE, log in with aws sso login, or run with a role$/,
      )
    })

    test('in a bucket that does not exist', async () => {
      expect(await refusal(name, args('zonetoll-no-such-bucket'))).toMatch(
        /^error: s3:\/\/zonetoll-no-such-bucket\/\S*: the bucket zonetoll-no-such-bucket does not exist; check its name, and that AWS_ENDPOINT_URL_S3, where set, is the server that has it$/,
      )
    })
  })

  test.each(['logs', 'assignments', 'rollups'])(
    'pnpm start with --%s in a bucket that does not exist',
    async which => {
      const args = COMMANDS[0]![1](bucket).map(arg =>
        arg === `s3://${bucket}/${which}` ? `s3://zonetoll-not-there/${which}` : arg,
      )
      expect(await refusal('start', args)).toMatch(
        /^error: s3:\/\/zonetoll-not-there\/\S*: the bucket zonetoll-not-there does not exist; /,
      )
    },
  )

  test('with a credential process that fails, whose command line is not repeated', async () => {
    const secret = 'hunter2-in-a-command-line'
    place.keepSecret(secret)
    await writeFile(
      place.path('home', 'process'),
      `[default]\ncredential_process = /bin/false --password ${secret}\n`,
    )
    const env = {
      AWS_ACCESS_KEY_ID: '',
      AWS_SECRET_ACCESS_KEY: '',
      AWS_CONFIG_FILE: place.path('home', 'process'),
    }
    expect(await refusal('start', COMMANDS[0]![1](bucket), env)).toMatch(/: no AWS credentials to ask with/)
  })

  describe.runIf(policiesWanted())('with a key that is not allowed', () => {
    const PERMISSIONS: readonly (readonly [string, CommandName, string])[] = [
      ['s3:ListBucket', 'start', 's3:ListBucket on $'],
      ['s3:GetObject', 'start', 's3:GetObject on $ (and s3:ListBucket, or what'],
      ['s3:PutObject', 'start', 's3:PutObject on $ (and s3:ListBucket, or what'],
      ['s3:ListBucket', 'merge', 's3:ListBucket on $'],
      ['s3:ListBucket', 'record', 's3:ListBucket on $'],
      ['s3:ListBucket', 'query', 's3:ListBucket on $'],
      ['s3:GetObject', 'query', 's3:GetObject on $'],
      ['s3:ListBucket', 'report', 's3:ListBucket on $'],
      ['s3:GetObject', 'report', 's3:GetObject on $'],
    ]
    test.each(PERMISSIONS)('%s, pnpm %s names it', async (action, name, need) => {
      const { accessKeyId, secretAccessKey } = target.moto!.others[DENIED.indexOf(action)]!
      const env = { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey }
      const [, args] = COMMANDS.find(([each]) => each === name)!
      const message = await refusal(name, args(bucket), env)
      expect(message).toMatch(
        /^error: s3:\/\/\$\/\S*: refused \(HTTP 403 AccessDenied.*\); the credentials need /,
      )
      expect(message).toContain(need)
    })
  })
})
