// What is installed: exact versions by checksum from the registry alone, no script run at install, known licences.

import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../', import.meta.url))

/** Those that let the image be passed on with no more than a notice. */
const LICENCES = new Set([
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'CC0-1.0',
  'ISC',
  'MIT',
  'MIT-0',
  'Unlicense',
  '(MIT OR CC0-1.0)',
  '(MIT AND BSD-3-Clause)',
  '(MIT AND Zlib)',
])

/** Others, each with its reason. */
const OTHER_LICENCES: Readonly<Record<string, string>> = {
  argparse: 'PSF-2.0, permissive',
  'axe-core': 'MPL-2.0, in tests alone',
  'caniuse-lite': 'CC-BY-4.0, data, in mutation testing alone',
  lightningcss: 'MPL-2.0, in tests alone',
  'lightningcss-linux-arm64-gnu': 'MPL-2.0, in tests alone',
  'lightningcss-linux-x64-gnu': 'MPL-2.0, in tests alone',
}

const DEPENDENCIES = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies'] as const

interface Manifest {
  readonly name?: string
  readonly version?: string
  readonly license?: string | { readonly type?: string }
  readonly licenses?: readonly { readonly type?: string }[]
  readonly scripts?: Readonly<Record<string, string>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
}

const manifestOf = (path: string) => JSON.parse(readFileSync(path, 'utf8')) as Manifest
const foldersOf = (path: string) =>
  readdirSync(path, { withFileTypes: true })
    .filter(entry => entry.isDirectory())
    .map(({ name }) => name)

const ours = [
  '.',
  'bench',
  'test',
  ...['packages', 'apps'].flatMap(home => foldersOf(`${root}${home}`).map(name => `${home}/${name}`)),
]

/** Every package in the store of this installation. */
function installed(): { readonly folder: string; readonly manifest: Manifest }[] {
  const store = `${root}node_modules/.pnpm`
  const found = new Map<string, { readonly folder: string; readonly manifest: Manifest }>()
  for (const entry of foldersOf(store)) {
    const home = `${store}/${entry}/node_modules`
    if (entry === 'node_modules') continue
    for (const name of foldersOf(home)) {
      for (const folder of name.startsWith('@')
        ? foldersOf(`${home}/${name}`).map(part => `${home}/${name}/${part}`)
        : [`${home}/${name}`]) {
        const manifest = manifestOf(`${folder}/package.json`)
        found.set(`${manifest.name}@${manifest.version}`, { folder, manifest })
      }
    }
  }
  return [...found.values()]
}

function licenceOf({ license, licenses }: Manifest): string {
  if (typeof license === 'string') return license
  return license?.type ?? licenses?.map(({ type }) => type).join(' AND ') ?? 'none named'
}

test.each(ours)('%s depends on exact versions alone', folder => {
  const manifest = manifestOf(`${root}${folder}/package.json`)
  const loose = DEPENDENCIES.flatMap(kind => Object.entries(manifest[kind] ?? {})).filter(
    ([, version]) => version !== 'workspace:*' && !/^\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?$/.test(version),
  )
  expect(loose).toEqual([])
})

test('the lockfile holds a checksum for every package, and no address to fetch one from', () => {
  const resolutions = readFileSync(`${root}pnpm-lock.yaml`, 'utf8').match(/^ +resolution: .*$/gm) ?? []
  expect(resolutions.length).toBeGreaterThan(100)
  expect(
    resolutions.filter(line => !/^ +resolution: \{integrity: sha512-[0-9A-Za-z+/=]+\}$/.test(line)),
  ).toEqual([])
})

// What builds for WebAssembly need, and Node for other processors: without a platform in the lockfile.
const OF_OTHER_PLATFORMS =
  /^(?:@emnapi\/|@napi-rs\/wasm-runtime@|@tybys\/wasm-util@|node-(?:linux|darwin|win)-)/

/** By the lockfile's entry. */
function isOfAnotherPlatform(id: string, body: string): boolean {
  return /^ {4}(?:os|cpu|libc): /m.test(body) || OF_OTHER_PLATFORMS.test(id)
}

describe('of what is installed', () => {
  const all = installed()

  test('there is what the lockfile names, but for other platforms’', () => {
    const text = readFileSync(`${root}pnpm-lock.yaml`, 'utf8')
    const packages = text.slice(text.indexOf('\npackages:\n'), text.indexOf('\nsnapshots:\n'))
    const entry = /^ {2}'?((?:@[^/'\n]+\/)?[^@'\n]+@[^':\n]+)'?:\n((?: {4}.*\n)*)/gm
    const locked = [...packages.matchAll(entry)].map(([, id, body]) => ({ id: id!, body: body! }))
    expect(locked.length).toBeGreaterThan(100)
    const there = new Set(all.map(({ manifest }) => `${manifest.name}@${manifest.version}`))
    const missing = locked
      .filter(({ id, body }) => !there.has(id) && !isOfAnotherPlatform(id, body))
      .map(({ id }) => id)
    expect(missing).toEqual([])
    const known = new Set(locked.map(({ id }) => id))
    expect([...there].filter(id => !known.has(id))).toEqual([])
  })

  test('nothing runs a script at install but what is forbidden to by name', () => {
    const allowed = readFileSync(`${root}pnpm-workspace.yaml`, 'utf8')
    const [, builds] = /^allowBuilds:\n((?: +.*\n)+)/m.exec(allowed)!
    const decided = builds!
      .trim()
      .split('\n')
      .map(line => line.trim())
    expect(decided.filter(line => !line.endsWith(': false'))).toEqual([])
    const withScripts = all
      .filter(({ manifest }) =>
        ['preinstall', 'install', 'postinstall'].some(script => manifest.scripts?.[script]),
      )
      .map(({ manifest }) => `${manifest.name}: false`)
    expect(
      withScripts.filter(line => !decided.includes(line) && !decided.includes(`'${line.replace(':', "':")}`)),
    ).toEqual([])
  })

  test('every licence is known', () => {
    const unknown = all
      .filter(
        ({ manifest }) =>
          !LICENCES.has(licenceOf(manifest)) && !Object.hasOwn(OTHER_LICENCES, manifest.name!),
      )
      .map(({ manifest }) => `${manifest.name}@${manifest.version}: ${licenceOf(manifest)}`)
    expect(unknown).toEqual([])
  })
})
