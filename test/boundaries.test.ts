// Who may import what. Values flow left to right; imports point left, or down to model. All I/O is in objects and the apps.

import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import {
  fileViolations,
  importsOf,
  manifestViolations,
  type Home,
  type HomeManifest,
} from './support/imports.ts'

const root = fileURLToPath(new URL('../', import.meta.url))

/** Apps may use all of the platform. */
const PLATFORM = 'node:'

const HOMES: Readonly<Record<string, Home>> = {
  'packages/model': { ours: [], outside: [], pure: true },
  'packages/flowlog': { ours: ['model'], outside: [], pure: true },
  'packages/assignments': { ours: ['model'], outside: [], pure: true },
  'packages/rollup': { ours: ['model', 'flowlog', 'assignments'], outside: [], pure: true },
  'packages/report': { ours: ['model'], outside: ['d3-sankey'], pure: true },
  // Hashing and deflating are no I/O: the file itself goes to a sink that the caller brings.
  'packages/parquet': {
    ours: ['model'],
    outside: ['parquetjs-lite', 'hyparquet', 'node:crypto', 'node:zlib'],
  },
  'packages/objects': {
    ours: [],
    outside: [
      '@aws-sdk/client-s3',
      '@aws-sdk/credential-providers',
      '@aws-sdk/lib-storage',
      '@smithy/node-http-handler',
      'split2',
      'node:crypto',
      'node:fs',
      'node:path',
      'node:stream',
      'node:timers',
      'node:url',
      'node:zlib',
    ],
  },
  'packages/command': { ours: [], outside: ['commander', 'node:util'] },
  'apps/worker': {
    ours: ['model', 'flowlog', 'assignments', 'rollup', 'parquet', 'objects', 'report', 'command'],
    outside: ['p-limit', 'commander', PLATFORM],
  },
  'apps/recorder': {
    ours: ['model', 'assignments', 'objects', 'command'],
    outside: [
      '@kubernetes/client-node',
      '@aws-sdk/client-ec2',
      '@aws-sdk/client-eks',
      '@smithy/signature-v4',
      'csv-parse',
      'lru-cache',
      'p-limit',
      PLATFORM,
    ],
  },
  'apps/explore': {
    ours: ['model', 'parquet', 'objects', 'report', 'command'],
    outside: ['@duckdb/node-api', 'p-limit', PLATFORM],
  },
  'apps/deploy': {
    ours: ['objects', 'command'],
    // aws-cdk is the command line, yaml reads the manifests in tests.
    outside: ['aws-cdk', 'aws-cdk-lib', 'cdk-nag', 'constructs', 'yaml', PLATFORM],
  },
  'apps/sample': { ours: ['model', 'command'], outside: ['commander', PLATFORM] },
}

/** What tests and the kernel's build may have besides, in devDependencies. */
const TOOLS = ['@duckdb/node-api', 'assemblyscript', 'fast-check']

function foldersOf(folder: string): string[] {
  return readdirSync(`${root}${folder}`, { withFileTypes: true })
    .filter(entry => entry.isDirectory())
    .map(entry => `${folder}/${entry.name}`)
}

function sourcesOf(home: string): string[] {
  return readdirSync(`${root}${home}`, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && /\.[cm]?[jt]sx?$/.test(entry.name))
    .map(entry => `${entry.parentPath}/${entry.name}`.slice(`${root}${home}/`.length))
    .filter(path => path.startsWith('src/'))
}

const found = [...foldersOf('packages'), ...foldersOf('apps')]

test('every package and app has a row in the table, and the pure ones are there', () => {
  expect(found.filter(home => !(home in HOMES))).toEqual([])
  expect(found).toEqual(
    expect.arrayContaining(['packages/model', 'packages/flowlog', 'packages/assignments', 'packages/rollup']),
  )
})

test('no row of the table lets two homes import each other', () => {
  const reaches = (from: string, to: string, seen = new Set<string>()): boolean => {
    if (seen.has(from)) return false
    seen.add(from)
    return HOMES[`packages/${from}`]!.ours.some(name => name === to || reaches(name, to, seen))
  }
  const packages = Object.keys(HOMES)
    .filter(home => home.startsWith('packages/'))
    .map(home => home.slice('packages/'.length))
  expect(packages.filter(name => reaches(name, name))).toEqual([])
})

describe.each(found.filter(home => home in HOMES))('%s', name => {
  const home = HOMES[name]!
  const manifest = JSON.parse(readFileSync(`${root}${name}/package.json`, 'utf8')) as HomeManifest

  test('imports what its row allows and nothing else', () => {
    const violations = sourcesOf(name).flatMap(path =>
      fileViolations(home, manifest, { path, text: readFileSync(`${root}${name}/${path}`, 'utf8') }),
    )
    expect(violations).toEqual([])
  })

  test('lists the dependencies that its row allows and nothing else', () => {
    expect(manifestViolations(home, manifest, TOOLS)).toEqual([])
  })
})

describe('the check itself', () => {
  const pure: Home = { ours: ['model'], outside: [], pure: true }
  const listed: HomeManifest = { dependencies: { '@zonetoll/model': 'workspace:*', split2: '4.2.0' } }
  const check = (text: string, home = pure, path = 'src/a.ts') =>
    fileViolations(home, listed, { path, text }).length

  test('lets through what the row allows', () => {
    expect(check(`import { a } from '@zonetoll/model'\nexport { b } from './b.ts'\n`)).toBe(0)
    expect(check(`import split2 from 'split2'`, { ours: [], outside: ['split2'] })).toBe(0)
    expect(check('const when = new Date(millis).toISOString()')).toBe(0)
  })

  test.each([
    ['another package', `import { a } from '@zonetoll/rollup'`],
    ['a package by a deep path', `import { a } from '@zonetoll/model/src/time.ts'`],
    ['an import over several lines', `import {\n  a,\n  b,\n} from 'split2'`],
    ['an import for its effect', `import 'split2'`],
    ['an import of types', `import type { A } from 'split2'`],
    ['an import handed on', `export * from 'split2'`],
    ['an import at run time', `const a = await import('split2')`],
    ['a computed import', 'const a = await import(name)'],
    ['a require', `const a = require('split2')`],
    ['the platform', `import { readFileSync } from 'node:fs'`],
    ['a path out of the package', `import { a } from '../../model/src/time.ts'`],
    ['a path out of src', `import { a } from '../test/a.ts'`],
    ['a clock', 'const now = Date.now()'],
    ['a date of now', 'const now = new Date()'],
    ['a stopwatch', 'const now = performance.now()'],
    ['chance', 'const a = Math.random()'],
    ['the environment', 'const a = process.env.A'],
  ])('refuses %s', (_what, text) => {
    expect(check(text)).toBeGreaterThan(0)
  })

  test('refuses an import that package.json does not list', () => {
    expect(check(`import a from 'p-limit'`, { ours: [], outside: ['p-limit'] })).toBe(1)
  })

  test('refuses a dependency that is not in the row, tools of tests aside', () => {
    expect(manifestViolations(pure, { dependencies: { 'lru-cache': '11.5.3' } }, TOOLS)).toHaveLength(1)
    expect(manifestViolations(pure, { devDependencies: { 'lru-cache': '11.5.3' } }, TOOLS)).toHaveLength(1)
    expect(manifestViolations(pure, { devDependencies: { 'fast-check': '4.10.2' } }, TOOLS)).toEqual([])
  })

  test('sees every import of a file', () => {
    const text = `import a, { b } from 'one'\nimport * as c from "two"\nexport { d } from 'three'\nimport 'four'\n`
    expect(importsOf(text).sort()).toEqual(['four', 'one', 'three', 'two'])
  })
})
