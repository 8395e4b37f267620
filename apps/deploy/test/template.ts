// A synthesised template as text that can be compared: references in angle brackets, statements one a line.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Stack } from 'aws-cdk-lib'
import { Template } from 'aws-cdk-lib/assertions'
import type { ZonetollConfig } from '../src/config.ts'
import { appOf } from '../src/synthesise.ts'

export const IMAGE = '111122223333.dkr.ecr.us-east-2.amazonaws.com/zonetoll:0.1.0'

/** An installation with the defaults; `more` overrides. */
export function config(more: Partial<ZonetollConfig> = {}): ZonetollConfig {
  return {
    name: 'Zonetoll',
    clusters: [{ name: 'demo' }],
    network: { vpcId: 'vpc-0a1b2c3d', subnetIds: ['subnet-0a1b2c3d', 'subnet-0a1b2c3e'] },
    flowLog: { kind: 'create' },
    image: IMAGE,
    ...more,
  }
}

export interface Resource {
  readonly id: string
  readonly type: string
  readonly properties: Readonly<Record<string, Json>>
  readonly deletionPolicy: string | undefined
}

/** What a template is made of, references resolved. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json }

const synthesised = new Map<string, Record<string, Json>[]>()

/** The template of each installation, made once. Throws what the synthesis throws, findings of cdk-nag among it. */
export function templatesOf(...configs: ZonetollConfig[]): Record<string, Json>[] {
  const key = JSON.stringify(configs)
  const known = synthesised.get(key)
  if (known !== undefined) return known
  const outdir = mkdtempSync(join(tmpdir(), 'zonetoll-cdk-'))
  try {
    const app = appOf(configs, { outdir })
    app.synth()
    const stacks = app.node.children.filter(child => Stack.isStack(child))
    const templates = stacks.map(stack => Template.fromStack(stack).toJSON() as Record<string, Json>)
    synthesised.set(key, templates)
    return templates
  } finally {
    rmSync(outdir, { recursive: true, force: true })
  }
}

/** All resources, with references as text. */
export function resourcesOf(template: Record<string, Json>): Resource[] {
  const resources = template['Resources'] as Record<string, Record<string, Json>>
  return Object.entries(resources).map(([id, { Type, Properties, DeletionPolicy }]) => ({
    id,
    type: Type as string,
    properties: flat(Properties ?? {}) as Record<string, Json>,
    deletionPolicy: DeletionPolicy as string | undefined,
  }))
}

/** A value as text: as it is, or as JSON. */
export function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
}

/** `<Id>` for a reference, `<Id.Arn>` for an attribute; the hashes that the CDK appends to ids are left out. */
export function flat(value: Json): Json {
  if (Array.isArray(value)) return value.map(flat)
  if (typeof value !== 'object' || value === null) return value
  const { Ref, ...rest } = value as { readonly [key: string]: Json }
  if (typeof Ref === 'string') return `<${plain(Ref)}>`
  if (Array.isArray(rest['Fn::GetAtt']))
    return `<${rest['Fn::GetAtt'].map(part => plain(part as string)).join('.')}>`
  if (Array.isArray(rest['Fn::Join'])) {
    const [between, parts] = rest['Fn::Join'] as [string, Json[]]
    return parts.map(part => textOf(flat(part))).join(between)
  }
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, flat(each)]))
}

function plain(id: string): string {
  return id.replace(/[0-9A-F]{8}$/, '')
}

interface Statement {
  readonly Sid?: string
  readonly Effect: string
  readonly Action: string | readonly string[]
  readonly Resource: string | readonly string[]
  readonly Condition?: Json
}

/** `role: Sid: action, action on resource, resource if condition`, for each statement of each role. */
export function statementsOf(resources: readonly Resource[]): string[] {
  return resources.flatMap(({ id, type, properties }) => {
    if (type === 'AWS::IAM::Policy' || type === 'AWS::IAM::ManagedPolicy')
      return [`${plain(id)}: a policy apart`]
    if (type !== 'AWS::IAM::Role') return []
    const policies = (properties['Policies'] ?? []) as unknown as readonly {
      PolicyDocument: { Statement: Statement[] }
    }[]
    const managed = (properties['ManagedPolicyArns'] ?? []) as readonly string[]
    return [
      ...managed.map(arn => `${plain(id)}: the managed policy ${arn}`),
      ...policies
        .flatMap(({ PolicyDocument }) => PolicyDocument.Statement)
        .map(statement => `${plain(id)}: ${describeStatement(statement)}`),
    ]
  })
}

function list(value: string | readonly string[]): string {
  return [value].flat().join(', ')
}

export function describeStatement({ Sid, Effect, Action, Resource, Condition }: Statement): string {
  const when = Condition === undefined ? '' : ` if ${JSON.stringify(Condition)}`
  return `${Sid ?? 'unnamed'}: ${Effect === 'Allow' ? '' : 'not '}${list(Action)} on ${list(Resource)}${when}`
}

/** The resources of an installation. */
export function stackOf(more: Parameters<typeof config>[0] = {}): Resource[] {
  return resourcesOf(templatesOf(config(more))[0]!)
}

/** The properties of those of a type. */
export function ofType(resources: readonly Resource[], type: string): Record<string, Json>[] {
  return resources.filter(each => each.type === type).map(({ properties }) => properties)
}

/** The value at a path of keys, as text. */
export function at(properties: Json | undefined, ...path: (string | number)[]): Json | undefined {
  let value: Json | undefined = properties
  for (const key of path) value = (value as Record<string | number, Json> | undefined)?.[key]
  return value
}

/** The container of a name, in whatever task. */
export function containerOf(resources: readonly Resource[], name: string): Record<string, Json> {
  return ofType(resources, 'AWS::ECS::TaskDefinition')
    .flatMap(definition => definition['ContainerDefinitions'] as Record<string, Json>[])
    .find(container => container['Name'] === name)!
}

export function environmentOf(resources: readonly Resource[], name: string): Record<string, Json> {
  const variables = containerOf(resources, name)['Environment'] as { Name: string; Value: string }[]
  return Object.fromEntries(variables.map(({ Name, Value }) => [Name, Value]))
}
