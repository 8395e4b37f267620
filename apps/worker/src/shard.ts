// Which share of an hour's objects a run reads: shard I of N, I from 0.
//
//   --shard 3/8                                          by hand, and wins
//   AWS_BATCH_JOB_ARRAY_INDEX=3 AWS_BATCH_JOB_ARRAY_SIZE=8    a child of an AWS Batch array job
//   JOB_COMPLETION_INDEX=3 with --shards 8               a pod of a Kubernetes Indexed Job, which isn't told N
//
// Sources: AWS Batch User Guide, Job environment variables; Kubernetes documentation, Indexed Job.

import { BadValue, UsageError } from '@zonetoll/command'

export interface Shard {
  /** From 0. */
  readonly index: number
  readonly count: number
}

/** As many as AWS Batch has in an array. */
export const MOST_SHARDS = 10_000

/** `3/8`. Throws BadValue. */
export function readShard(text: string): Shard {
  const parts = /^(\d{1,5})\/(\d{1,5})$/.exec(text)
  const [index, count] = [Number(parts?.[1]), Number(parts?.[2])]
  if (parts === null || !(index < count) || count > MOST_SHARDS) {
    throw new BadValue(`Expected I/N like 3/8: I from 0, less than N, and N up to ${MOST_SHARDS}.`)
  }
  return { index, count }
}

export function formatShard({ index, count }: Shard): string {
  return `${index}/${count}`
}

/** The shard that options and environment say, null for a run of all objects. Throws UsageError. */
export function shardOf(
  given: { readonly shard?: Shard; readonly shards?: number },
  environment: Readonly<Record<string, string | undefined>>,
): Shard | null {
  const { shard, shards } = given
  if (shard !== undefined) {
    if (shards !== undefined && shards !== shard.count) {
      throw new UsageError(`--shard ${formatShard(shard)} and --shards ${shards} don't fit: give one of them`)
    }
    return shard
  }
  const engine = batchArray(environment) ?? indexedJob(environment, shards)
  if (engine === null) {
    if (shards === undefined) return null
    throw new UsageError(
      `--shards ${shards} doesn't say which one: give --shard I/${shards}, or run in an AWS Batch array job or a Kubernetes Indexed Job`,
    )
  }
  if (shards !== undefined && shards !== engine.count) {
    throw new UsageError(
      `--shards is ${shards}, but the array job has AWS_BATCH_JOB_ARRAY_SIZE=${engine.count}`,
    )
  }
  return engine
}

function batchArray(environment: Readonly<Record<string, string | undefined>>): Shard | null {
  const [index, size] = ['AWS_BATCH_JOB_ARRAY_INDEX', 'AWS_BATCH_JOB_ARRAY_SIZE'].map(
    name => environment[name],
  )
  if (index === undefined || index === '') return null
  return shardFrom(
    `${index}/${size ?? ''}`,
    `AWS_BATCH_JOB_ARRAY_INDEX=${index} and AWS_BATCH_JOB_ARRAY_SIZE=${size ?? ''}`,
  )
}

function indexedJob(
  environment: Readonly<Record<string, string | undefined>>,
  shards: number | undefined,
): Shard | null {
  const index = environment['JOB_COMPLETION_INDEX']
  if (index === undefined || index === '') return null
  if (shards === undefined) {
    throw new UsageError(
      `this is pod ${index} of an Indexed Job (JOB_COMPLETION_INDEX), which doesn't say of how many: set ZONETOLL_SHARDS to the Job's completions`,
    )
  }
  return shardFrom(`${index}/${shards}`, `JOB_COMPLETION_INDEX=${index} and --shards ${shards}`)
}

function shardFrom(text: string, said: string): Shard {
  try {
    return readShard(text)
  } catch (cause) {
    if (!(cause instanceof BadValue)) throw cause
    throw new UsageError(`${said} are no shard. ${cause.message}`, { cause })
  }
}
