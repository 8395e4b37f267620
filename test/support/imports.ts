/**
 * What a source file imports and which globals it touches, and whether its home's row of the table allows that.
 * By patterns on the text: sources here are formatted by machine, and a false alarm is better than a silent one.
 */
import { posix } from 'node:path'

/** A home is a package or an app. Names of ours are short (`model`); outside names cover their subpaths, `node:` all of the platform. */
export interface Home {
  readonly ours: readonly string[]
  readonly outside: readonly string[]
  /** No node:, no I/O, no clock, no chance. */
  readonly pure?: true
}

export interface SourceFile {
  /** From the home's folder, as src/time.ts. */
  readonly path: string
  readonly text: string
}

export interface HomeManifest {
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
}

const IMPURE: readonly (readonly [what: string, pattern: RegExp])[] = [
  ['a clock', /\bDate\.now\b|\bnew Date\(\s*\)|\bDate\(\s*\)|\bperformance\b|\bTemporal\.Now\b/],
  ['a timer', /\bset(?:Timeout|Interval|Immediate)\b/],
  ['chance', /\bMath\.random\b|\bcrypto\./],
  ['the process', /\bprocess\.|\bconsole\.|\bBuffer\b/],
  ['the network', /\bfetch\(|\bWebSocket\b/],
]

/** The modules a source names; `?` for one that is computed. */
export function importsOf(text: string): string[] {
  const named = [
    ...text.matchAll(/(?:^|[\n;])\s*(?:import|export)\b[^'"`;]*?\bfrom\s*['"]([^'"]+)['"]/g),
    ...text.matchAll(/(?:^|[\n;])\s*import\s*['"]([^'"]+)['"]/g),
    ...text.matchAll(/\b(?:import|require)\(\s*['"]([^'"]+)['"]/g),
  ].map(match => match[1]!)
  const computed = text.match(/\b(?:import|require)\(\s*[^'"\s)]/g) ?? []
  return [...named, ...computed.map(() => '?')]
}

/** One sentence for each thing a file does that its home's row doesn't allow. */
export function fileViolations(home: Home, manifest: HomeManifest, file: SourceFile): string[] {
  const violations = importsOf(file.text).flatMap(name => importViolations(home, manifest, file.path, name))
  if (home.pure) {
    for (const [what, pattern] of IMPURE) {
      const found = pattern.exec(file.text)
      if (found !== null) violations.push(`${file.path} uses ${what}: ${found[0]}`)
    }
  }
  return violations
}

function importViolations(home: Home, manifest: HomeManifest, path: string, name: string): string[] {
  if (name.startsWith('.')) {
    const target = posix.normalize(posix.join(posix.dirname(path), name))
    return target.startsWith('src/') ? [] : [`${path} leaves its sources: ${name}`]
  }
  if (home.pure && name.startsWith('node:')) return [`${path} is pure, yet imports ${name}`]
  if (name.startsWith('@zonetoll/')) {
    if (!home.ours.includes(name.slice('@zonetoll/'.length))) return [`${path} may not import ${name}`]
  } else if (!home.outside.some(allowed => covers(allowed, name))) return [`${path} may not import ${name}`]
  const declared = Object.keys(manifest.dependencies ?? {}).some(dependency => covers(dependency, name))
  return declared || name.startsWith('node:')
    ? []
    : [`${path} imports ${name}, which package.json doesn't list`]
}

/** One sentence for each dependency that isn't in the home's row; a devDependency may be types or a named tool. */
export function manifestViolations(home: Home, manifest: HomeManifest, tools: readonly string[]): string[] {
  const allowed = new Set([...home.ours.map(name => `@zonetoll/${name}`), ...home.outside])
  return [
    ...Object.keys(manifest.dependencies ?? {}).filter(name => !allowed.has(name)),
    ...Object.keys(manifest.devDependencies ?? {}).filter(
      name => !allowed.has(name) && !tools.includes(name) && !name.startsWith('@types/'),
    ),
  ].map(name => `package.json may not list ${name}`)
}

function covers(allowed: string, name: string): boolean {
  if (allowed === 'node:') return name.startsWith('node:')
  return name === allowed || name.startsWith(`${allowed}/`)
}
