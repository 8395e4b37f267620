// The image without an engine: the Dockerfile's steps are followed in a folder, on the files that .dockerignore lets
// through, and what results is run as the image would be: read-only, as another user, with its own entry point.

import { execFile } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const ROOT = fileURLToPath(new URL('../', import.meta.url))
const IMAGE_USER = 1000

interface Instruction {
  readonly name: string
  readonly text: string
}

const instructions = instructionsOf(readFileSync(`${ROOT}Dockerfile`, 'utf8'))
const argumentsOf = (name: string) => instructions.filter(each => each.name === name).map(({ text }) => text)

function instructionsOf(dockerfile: string): Instruction[] {
  return dockerfile
    .replaceAll(/^#.*\n/gm, '')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .filter(line => line.trim() !== '')
    .map(line => {
      const [, name, text] = /^([A-Z]+)\s+(.*)$/.exec(line)!
      return { name: name!, text: text! }
    })
}

/** Whether .dockerignore keeps a path out: its last line that fits the path, or a folder above it, decides. */
function ignoredBy(dockerignore: string): (path: string) => boolean {
  const rules = dockerignore
    .split('\n')
    .filter(line => line !== '' && !line.startsWith('#'))
    .map(line => {
      const pattern = line.replace(/^!/, '')
      const source = pattern
        .replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
        .replaceAll(/\*\*\/|\*/g, found => (found === '*' ? '[^/]*' : '(?:.*/)?'))
      return { keeps: line.startsWith('!'), fits: new RegExp(`^${source}(?:/.*)?$`) }
    })
  return path => {
    const rule = rules.findLast(({ fits }) => fits.test(path))
    return rule !== undefined && !rule.keeps
  }
}

const isIgnored = ignoredBy(readFileSync(`${ROOT}.dockerignore`, 'utf8'))

let box: string
let image: string

beforeAll(async () => {
  box = mkdtempSync(join(tmpdir(), 'zonetoll-image-'))
  chmodSync(box, 0o755)
  for (const name of ['context', 'tmp', 'bin']) mkdirSync(join(box, name))
  chmodSync(join(box, 'tmp'), 0o1777)
  copyFileSync(process.execPath, join(box, 'bin/node'))
  copyContext()
  image = await build()
}, 180_000)

afterAll(() => {
  rmSync(box, { recursive: true, force: true })
})

function copyContext(): void {
  const copy = (folder: string) => {
    for (const entry of readdirSync(ROOT + folder, { withFileTypes: true })) {
      const path = folder + entry.name
      if (entry.name === 'node_modules' || entry.name === '.git') continue
      if (entry.isDirectory()) copy(`${path}/`)
      else if (entry.isFile() && !isIgnored(path)) {
        mkdirSync(join(box, 'context', dirname(path)), { recursive: true })
        copyFileSync(ROOT + path, join(box, 'context', path))
      }
    }
  }
  copy('')
}

// Each stage is a folder with the root of its file system.
async function build(): Promise<string> {
  const stages = new Map<string, string>()
  let stage = ''
  let workdir = ''
  for (const { name, text } of instructions) {
    if (name === 'FROM') {
      const label = / AS (\S+)$/.exec(text)?.[1] ?? 'image'
      stage = join(box, label)
      mkdirSync(stage)
      stages.set(label, stage)
    } else if (name === 'WORKDIR') {
      workdir = join(stage, text)
      mkdirSync(workdir, { recursive: true })
    } else if (name === 'COPY') {
      const words = text.split(' ')
      const target = words.pop() as string
      const from = /^--from=(.*)$/.exec(words[0]!)?.[1]
      const sources = words.slice(from === undefined ? 0 : 1)
      for (const source of sources) {
        const origin = from === undefined ? join(box, 'context', source) : join(stages.get(from)!, source)
        const place = target.startsWith('/') ? join(stage, target) : join(workdir, target)
        const to = target.endsWith('/') ? join(place, basename(source)) : place
        cpSync(origin, to, { recursive: true, verbatimSymlinks: true })
      }
    } else if (name === 'RUN') {
      const { status, stderr, stdout } = await run('sh', ['-ec', text], { cwd: workdir, env: installing() })
      if (status !== 0) throw new Error(`RUN ${text}: exit status ${status}\n${stdout}${stderr}`)
    }
  }
  return stage
}

// What is in pnpm's store already isn't asked of a registry.
function installing(): NodeJS.ProcessEnv {
  return { ...process.env, npm_config_prefer_offline: 'true', pnpm_config_prefer_offline: 'true' }
}

interface Ended {
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

function run(
  file: string,
  args: readonly string[],
  options: { cwd: string; env: NodeJS.ProcessEnv; uid?: number; gid?: number },
): Promise<Ended> {
  return new Promise(resolve => {
    const child = execFile(file, args, { ...options, maxBuffer: 64 << 20 }, (_error, stdout, stderr) => {
      resolve({ status: child.exitCode ?? -1, stdout, stderr })
    })
  })
}

/** The image's entry point with a command; no pnpm and no npm is at hand. */
function runImage(command: readonly string[]): Promise<Ended> {
  const [entryPoint, ...rest] = JSON.parse(argumentsOf('ENTRYPOINT')[0]!) as string[]
  // Only root can become another user; whoever runs this as themselves has the read-only modes between.
  const user = process.getuid?.() === 0 ? { uid: IMAGE_USER, gid: IMAGE_USER } : {}
  return run(join(image, entryPoint!), [...rest, ...command], {
    cwd: join(image, 'zonetoll'),
    env: { PATH: `${join(box, 'bin')}:/usr/bin:/bin`, TMPDIR: join(box, 'tmp'), HOME: '/home/node' },
    ...user,
  })
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .map(entry => {
      const path = join(entry.parentPath, entry.name)
      const { mode, mtimeMs, size } = lstatSync(path)
      return `${path} ${mode} ${size} ${mtimeMs}`
    })
    .sort()
}

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

function manifestOf(path: string): Manifest {
  return JSON.parse(readFileSync(ROOT + path, 'utf8')) as Manifest
}

/** As pnpm names their folders: `@types+node@24.19.2`. */
function pinned(dependencies: Readonly<Record<string, string>> = {}): string[] {
  return Object.entries(dependencies)
    .filter(([, version]) => !version.startsWith('workspace:'))
    .map(([name, version]) => `${name.replace('/', '+')}@${version}`)
}

describe('the Dockerfile', () => {
  test('has two stages of one Node, by version', () => {
    const bases = argumentsOf('FROM').map(text => /node:\S+/.exec(text)![0])
    expect(new Set(bases)).toEqual(new Set(['node:24.21.0-trixie-slim']))
  })

  test('installs with the pnpm that package.json names', () => {
    const { packageManager } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8')) as {
      packageManager: string
    }
    expect(argumentsOf('RUN').join('\n')).toContain(
      `npx --yes ${packageManager} install --prod --frozen-lockfile`,
    )
  })

  test('runs as a user with a number that is not root', () => {
    expect(argumentsOf('USER')).toEqual([`${IMAGE_USER}:${IMAGE_USER}`])
  })

  test('sets nothing in the environment but how Node runs', () => {
    expect(argumentsOf('ENV')).toEqual(['NODE_ENV=production TMPDIR=/tmp'])
    expect(argumentsOf('ARG')).toEqual([])
  })

  test('lets commands be given as lists, so that no shell stands between', () => {
    expect(JSON.parse(argumentsOf('CMD')[0]!)).toEqual(['start', '--help'])
    expect(JSON.parse(argumentsOf('VOLUME')[0]!)).toEqual(['/tmp'])
  })
})

describe('what .dockerignore lets through', () => {
  test.each([
    'package.json',
    'pnpm-lock.yaml',
    'packages/objects/src/index.ts',
    'packages/flowlog/src/generated/scan-kernel.ts',
    'apps/worker/src/main.ts',
    'apps/recorder/package.json',
    'apps/sample/bundled/logs/x.log.gz',
    'apps/deploy/image/entrypoint.sh',
  ])('has %s', path => {
    expect(isIgnored(path)).toBe(false)
  })

  test.each([
    '.git/config',
    '.env',
    'node_modules/x/index.js',
    'apps/worker/node_modules/x/index.js',
    'apps/worker/test/worker.ts',
    'apps/deploy/src/main.ts',
    'apps/deploy/cdk.out/tree.json',
    'apps/explore/src/query.ts',
    'apps/sample/src/main.ts',
    'bench/src/main.ts',
    'rollups/cluster=demo/x.parquet',
    'README.md',
  ])('has no %s', path => {
    expect(isIgnored(path)).toBe(true)
  })
})

describe('the image', () => {
  test('has no development dependency of any package', () => {
    const manifests = [
      'package.json',
      ...['apps', 'packages'].flatMap(home =>
        readdirSync(ROOT + home).map(name => `${home}/${name}/package.json`),
      ),
      'bench/package.json',
      'test/package.json',
    ].filter(path => existsSync(ROOT + path))
    const unwanted = manifests.flatMap(path => {
      const { devDependencies, optionalDependencies } = manifestOf(path)
      return pinned({ ...devDependencies, ...optionalDependencies })
    })
    const installed = readdirSync(join(image, 'zonetoll/node_modules/.pnpm'))
    const has = (name: string) => installed.some(each => each === name || each.startsWith(`${name}_`))
    expect(has('p-limit@7.3.3')).toBe(true)
    expect(unwanted).toEqual(expect.arrayContaining(['typescript@7.0.2', 'vitest@5.1.1']))
    // What both a test and the recorder need is there for the recorder.
    const homes = [
      'apps/worker',
      'apps/recorder',
      ...readdirSync(`${ROOT}packages`).map(name => `packages/${name}`),
    ]
    const needed = new Set(homes.flatMap(home => pinned(manifestOf(`${home}/package.json`).dependencies)))
    expect(unwanted.filter(name => has(name) && !needed.has(name))).toEqual([])
  })

  test('has no code of one processor that Node would load', () => {
    const native = readdirSync(image, { recursive: true }).filter(path => String(path).endsWith('.node'))
    expect(native).toEqual([])
  })

  test('runs the main job on the bundled sample and writes nowhere but where it is told to', async () => {
    const before = filesBelow(image)
    const rollups = join(box, 'tmp/rollups')
    const inImage = await runImage(['start', '--hour', '2024-05-01T10', '--rollups', rollups])
    expect(inImage.stderr).toContain('this is the bundled sample')
    expect(inImage.status).toBe(0)
    const partition = 'cluster=demo/dt=2024-05-01/hour=10'
    expect(readdirSync(join(rollups, partition)).sort()).toEqual(['_ledger.json', 'rollup.parquet'])
    expect(filesBelow(image)).toEqual(before)
    // Nothing of the run is left in the temporary folder either.
    expect(readdirSync(join(box, 'tmp'))).toEqual(['rollups'])
  })

  // Whoever runs this as themselves owns the folder.
  test.skipIf(process.getuid?.() !== 0)('may not be written by its user', async () => {
    const { status, stderr } = await runImage(['start', '--hour', '2024-05-01T10'])
    expect(status).toBe(1)
    expect(stderr).toMatch(/EACCES|refused|not permitted|permission/i)
  })

  test('has all its commands, and says which when asked for another', async () => {
    const [byDefault, record, merge, options, other, none] = await Promise.all([
      runImage(JSON.parse(argumentsOf('CMD')[0]!) as string[]),
      runImage(['record', '--help']),
      runImage(['merge', '--help']),
      runImage(['--help']),
      runImage(['sh']),
      runImage([]),
    ])
    expect(byDefault.stdout).toContain('Usage: pnpm start')
    expect(record.stdout).toContain('Usage: pnpm record')
    expect(merge.stdout).toContain('Usage: pnpm merge')
    expect(options.stdout).toContain('Usage: pnpm start')
    expect([other.status, none.status]).toEqual([2, 2])
    expect(other.stderr).toBe('error: the image runs start, merge or record, got: sh\n')
  })

  test('runs Node with the flags of the scripts, and hands signals on', () => {
    const { scripts } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8')) as {
      scripts: Record<string, string>
    }
    const entryPoint = readFileSync(`${ROOT}apps/deploy/image/entrypoint.sh`, 'utf8')
    for (const name of ['start', 'merge', 'record']) {
      const [, flags, file] = /\bnode ((?:--\S+ )*)apps\/(\S+)$/.exec(scripts[name]!)!
      expect(entryPoint).toContain(`\n${name})\n  shift\n  exec node ${flags}"$apps/${file}" "$@"\n`)
    }
    expect(entryPoint.match(/node --/g)).toHaveLength(entryPoint.match(/exec node --/g)!.length)
  })
})
