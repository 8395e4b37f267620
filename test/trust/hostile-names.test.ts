// Names of strangers: pods, namespaces, labels, zones, keys, clusters with paths, escape sequences, HTML and SQL in
// them. They are data: never a path, never obeyed by a terminal or a browser, never part of a statement.

import { execFile } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { afterEach, describe, expect, test } from 'vitest'

import { chromiumWanted, openChromium } from '../pages/chromium.ts'
import { startS3Server, type S3Server } from '../servers/s3-server.ts'
import {
  assignmentFiles,
  HOUR_TEXT,
  joined,
  logFiles,
  objectKey,
  objectOf,
  PARTITION,
  pod,
  record,
  type Files,
} from '../support/data-set.ts'
import { Place, type Ended, type RunOptions } from './commands.ts'

const PATIENCE = { timeout: 120_000 }
const FOLDERS = ['logs', 'assignments', 'rollups'] as const
const BUCKET = 'flows'

/** Each is something that one of the readers of a name would act on. */
const HOSTILE = {
  'a path up': '../../../../../../tmp/zonetoll-pwned',
  'an absolute path': '/tmp/zonetoll-pwned',
  'a NUL': 'a\u0000b',
  'escape sequences': '\u001b[2J\u001b[31m\u001b]0;title\u0007',
  'a C1 sequence': '\u009b31mred\u009d0;title\u009c',
  'a carriage return and a backspace': 'good\rbad\b\b',
  newlines: 'one\nerror: all is lost\r\nthree\u2028four\u0085five',
  'bidirectional overrides': 'abc\u202edef\u2066ghi\u200fjkl',
  'zero-width characters': 'a\u200bb\ufeffc\u00ad',
  HTML: `<script>document.title='pwned'</script><img src=x onerror="document.title='pwned'">`,
  'an attribute': `" onmouseover="document.title='pwned'" x="`,
  'the end of a title': `</title></text></svg></style></script><script>document.title='pwned'</script>`,
  'an entity': '&lt;b&gt; &amp; &#60;',
  SQL: `'; DROP TABLE rollup; --`,
  'more SQL': `x' OR '1'='1`,
  'a double quote': "\"; COPY rollup TO '/tmp/zonetoll-pwned'; --",
  'a format': '%s %d %n ${HOME} {{7*7}} $(id) `id`',
  'a formula': '=HYPERLINK("http://127.0.0.1/","x")',
  'a prototype': '__proto__',
  'a very long name': 'x'.repeat(5000),
} as const
const NAMES = Object.values(HOSTILE)

const FILTERS = ['--namespace', '--app', '--workload']

/** A pair of pods for each name, in different zones: sender and receiver have it in all their columns. */
function hostileHour(): Files {
  const lines: string[] = []
  const records: string[] = []
  for (const [at, name] of NAMES.entries()) {
    const more = { namespace: name, workload: `Deployment/${name}`, labels: { app: name }, node: name }
    const [from, to] = [`10.0.0.${10 + at}`, `10.0.64.${10 + at}`]
    lines.push(pod(name, from, 'use2-az1', { ...more, uid: `from-${at}` }))
    // A zone's ID comes from the log as well.
    lines.push(pod(`${name}-2`, to, at % 2 === 0 ? 'use2-az2' : name, { ...more, uid: `to-${at}` }))
    records.push(record({ from, to, bytes: 1000 + at }))
  }
  return joined(logFiles([[{}, records]]), assignmentFiles(lines))
}

/** What a terminal would obey, but for line feeds; all that is Unicode's control, format and separator of lines. */
const OBEYED = /[^\P{C}\n]|[\u2028\u2029]/u
/** The same on a terminal, whose driver puts a carriage return before each line feed. */
const OBEYED_ON_TERMINAL = /[^\P{C}\n\r]|[\u2028\u2029]|\r(?!\n)/u

let closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.toReversed()) await close()
  closing = []
})

async function placeOf(files: Files): Promise<Place> {
  const place = await Place.make(files)
  closing.push(() => place.close())
  return place
}

const inFolders = (folders: readonly string[] = FOLDERS) => folders.flatMap(name => [`--${name}`, name])
const uris = (folders: readonly string[] = FOLDERS) =>
  folders.flatMap(name => [`--${name}`, `s3://${BUCKET}/${name}`])
const START = ['--hour', HOUR_TEXT, '--cluster', 'shop', ...inFolders()]

function expectHarmless(ended: Ended, onTerminal = false): void {
  for (const text of [ended.stdout, ended.stderr]) {
    const at = text.search(onTerminal ? OBEYED_ON_TERMINAL : OBEYED)
    expect(at < 0 ? '' : JSON.stringify(text.slice(Math.max(0, at - 40), at + 20))).toBe('')
  }
}

/** Nothing is written but what is meant, wherever a name points. */
async function expectOnly(place: Place, expected: readonly RegExp[]): Promise<void> {
  const strange = Object.keys(await place.files('.')).filter(path => !expected.some(form => form.test(path)))
  expect(strange).toEqual([])
  await expect(readFile('/tmp/zonetoll-pwned')).rejects.toThrow('ENOENT')
}

const MEANT = [
  /^(?:logs|assignments)\//,
  /^rollups\/cluster=shop\/dt=2024-05-01\/hour=10\/(?:rollup\.parquet|_ledger\.json)$/,
]

describe('names in the logs', () => {
  test('start says them harmlessly, in each of its forms, and writes where it is meant to', async () => {
    const place = await placeOf(hostileHour())
    const rollups: string[] = []
    for (const form of [[], ['--json'], ['--emf'], ['--all-pairs', '--quiet']]) {
      const ended = await place.run('start', [...START, ...form], { env: { ZONETOLL_DEBUG: '1' } })
      expect(ended.status, ended.stderr).toBe(0)
      expectHarmless(ended)
      rollups.push((await place.files('rollups'))[`${PARTITION}rollup.parquet`]!)
    }
    expect(rollups[0] === rollups[1] && rollups[1] === rollups[2]).toBe(true)
    await expectOnly(place, MEANT)
  })

  test('a terminal is shown them harmlessly', async () => {
    const place = await placeOf(hostileHour())
    expectHarmless(await runOnTerminal(place, 'start', [...START, '--quiet']), true)
    for (const format of ['table', 'csv', 'json', 'markdown']) {
      for (const question of [
        'pods',
        'workloads',
        'zones',
        'SELECT * FROM rollup',
        'SELECT * FROM ledger_workload',
      ]) {
        const ended = await runOnTerminal(place, 'query', [
          question,
          '--quiet',
          '--format',
          format,
          '--limit',
          '0',
          ...inFolders(['rollups']),
        ])
        expect(ended.status, ended.stdout).toBe(0)
        expectHarmless(ended, true)
      }
    }
    expectHarmless(
      await runOnTerminal(place, 'report', [
        '--title',
        HOSTILE['escape sequences'],
        '--json',
        '--quiet',
        ...inFolders(['rollups']),
      ]),
      true,
    )
  })

  test('they come back from the rollup as they are', async () => {
    const place = await placeOf(hostileHour())
    expect(await place.run('start', [...START, '--quiet'])).toMatchObject({ status: 0 })
    const ended = await place.run('query', [
      'SELECT DISTINCT source_namespace AS n, source_app AS a, source_name AS p FROM rollup',
      '--format',
      'json',
      '--quiet',
      ...inFolders(['rollups']),
    ])
    const rows = JSON.parse(ended.stdout) as { n: string; a: string; p: string }[]
    for (const column of ['n', 'a', 'p'] as const)
      expect(rows.map(row => row[column]).sort()).toEqual([...NAMES].sort())
  })

  test('as filters they find their own rows, and are no SQL', async () => {
    const place = await placeOf(hostileHour())
    expect(await place.run('start', [...START, '--quiet'])).toMatchObject({ status: 0 })
    const named = ['SQL', 'more SQL', 'a double quote', 'HTML', 'a path up', 'newlines', 'a format'] as const
    for (const [at, what] of named.entries()) {
      const name = HOSTILE[what]
      for (const filter of at === 0 ? FILTERS : [FILTERS[at % FILTERS.length]!]) {
        const value = filter === '--workload' ? `Deployment/${name}` : name
        const ended = await place.run('query', [
          'pods',
          filter,
          value,
          '--format',
          'json',
          '--quiet',
          ...inFolders(['rollups']),
        ])
        expect(ended, what).toMatchObject({ status: 0 })
        expect(JSON.parse(ended.stdout), `${filter} ${what}`).toHaveLength(1)
        expectHarmless(ended)
      }
    }
    await expectOnly(place, MEANT)
  })

  test.runIf(chromiumWanted())('a browser shows the report, and obeys none of them', PATIENCE, async () => {
    const place = await placeOf(hostileHour())
    expect(await place.run('start', [...START, '--quiet'])).toMatchObject({ status: 0 })
    const title = `${HOSTILE['the end of a title']}${HOSTILE.HTML}`
    const ended = await place.run('report', [
      '--out',
      'report.html',
      '--quiet',
      '--title',
      title,
      ...inFolders(['rollups']),
    ])
    expect(ended).toMatchObject({ status: 0, stderr: '' })
    const html = await readFile(place.path('report.html'), 'utf8')
    // Written out they may stand in the page as escapes only.
    for (const raw of [
      '<script>document',
      '<img src=x',
      `" onmouseover="document`,
      '\u001b',
      '\u009b',
      '\u0000',
    ]) {
      expect(html.includes(raw), JSON.stringify(raw)).toBe(false)
    }
    const browser = await openChromium()
    try {
      const page = await browser.newPage()
      const asked: string[] = []
      page.on('request', request => asked.push(request.url()))
      page.on('dialog', dialog => void dialog.dismiss())
      await page.goto(`file://${place.path('report.html')}`)
      await page.mouse.move(300, 300)
      expect(await page.title()).not.toBe('pwned')
      expect(await page.locator('img').count()).toBe(0)
      expect(await page.locator('[onerror], [onmouseover], [onload], [onclick]').count()).toBe(0)
      expect(asked).toEqual([`file://${place.path('report.html')}`])
    } finally {
      await browser.close()
    }
    await expectOnly(place, [...MEANT, /^report\.html$/])
  })
})

describe('names of options', () => {
  const BAD_CLUSTERS = ['../x', '/etc', 'a/b', 'a\nb', '\u001b[31m', "a'b", '<b>', '', '..', '.', '-rf']
  test.each(BAD_CLUSTERS)('no command takes %j for a cluster', async name => {
    const place = await placeOf(new Map())
    await mkdir(place.path('rollups'))
    for (const [command, args] of [
      ['start', START],
      ['sample', ['--out', 'out']],
    ] as const) {
      const ended = await place.run(command, [...args, `--cluster=${name}`])
      expect(ended).toMatchObject({ status: 2, stdout: '' })
      expectHarmless(ended)
    }
    await expectOnly(place, [])
  })

  test('SQL reaches no file, no variable and no network', async () => {
    const place = await placeOf(hostileHour())
    expect(await place.run('start', [...START, '--quiet'])).toMatchObject({ status: 0 })
    const secret = 'the-secret-of-the-environment'
    await writeFile(place.path('home', 'secret.csv'), `a\n${secret}\n`)
    const env = { AWS_SECRET_ACCESS_KEY: secret, AWS_ACCESS_KEY_ID: 'AKIATEST', ZONETOLL_DEBUG: '1' }
    for (const sql of [
      `SELECT * FROM read_csv('${place.path('home', 'secret.csv')}')`,
      `SELECT * FROM '${place.path('home', 'secret.csv')}'`,
      `SELECT content FROM read_text('/proc/self/environ')`,
      `SELECT * FROM glob('/etc/*')`,
      `SELECT getenv('AWS_SECRET_ACCESS_KEY')`,
      `COPY rollup TO '${place.path('pwned.csv')}'`,
      `SELECT 1; COPY rollup TO '${place.path('pwned.csv')}'`,
      `ATTACH '${place.path('pwned.db')}'`,
      'INSTALL httpfs',
      'LOAD httpfs',
      `SELECT * FROM read_parquet('http://127.0.0.1:1/x.parquet')`,
      'DROP TABLE rollup',
      `SET enable_external_access = true`,
      `EXPORT DATABASE '${place.path('pwned')}'`,
    ]) {
      const ended = await place.run('query', [sql, '--format', 'csv', '--quiet', ...inFolders(['rollups'])], {
        env,
      })
      expect(ended.status, `${sql}: ${ended.stdout}`).not.toBe(0)
      expect(ended.stdout).toBe('')
      expectHarmless(ended)
    }
    await expectOnly(place, [...MEANT, /^home\//, /^cache\//])
  })
})

describe('names in a bucket', () => {
  let server: S3Server

  async function bucketPlace(files: Files): Promise<{ place: Place; options: RunOptions }> {
    server = await startS3Server({ buckets: [BUCKET] })
    closing.push(() => server.close())
    for (const [key, body] of files) server.put(BUCKET, key, body)
    const env = server.environment
    return { place: await placeOf(new Map()), options: { env } }
  }

  // The folder above AWSLogs is anybody's; the very long one is longer than a key may be.
  const KEYS = NAMES.filter(name => name !== HOSTILE['a very long name'])
  const keyOf = (name: string) =>
    `logs/${name}/${objectKey({ hash: `n${NAMES.findIndex(each => each === name)}` })}`

  test('objects below folders with such names are read, and named harmlessly when they are bad', async () => {
    const lines = [pod('client-1', '10.0.0.1', 'use2-az1'), pod('server-1', '10.0.64.1', 'use2-az2')]
    const files = new Map(assignmentFiles(lines))
    for (const [at, name] of KEYS.entries()) files.set(keyOf(name), objectOf([record({ bytes: 1000 + at })]))
    const { place, options } = await bucketPlace(files)
    const args = ['--hour', HOUR_TEXT, ...uris()]
    const made = await place.run('start', [...args, '--json', '--quiet'], options)
    expect(made.status, made.stderr).toBe(0)
    const bytes = KEYS.reduce((sum, _name, at) => sum + 1000 + at, 0)
    expect(JSON.parse(made.stdout)).toMatchObject({ hours: [{ crossZoneBytes: bytes }] })
    const ledger = JSON.parse(
      Buffer.from(server.get(BUCKET, `rollups/${PARTITION}_ledger.json`)!).toString(),
    ) as { objects: { key: string }[] }
    expect(new Set(ledger.objects.map(({ key }) => key))).toEqual(new Set(KEYS.map(keyOf)))

    for (const name of KEYS) server.put(BUCKET, keyOf(name), 'no gzip')
    const left = await place.run('start', [...args, '--skip-bad-objects', '--json', '--quiet'], options)
    expect(left).toMatchObject({ status: 0 })
    expectHarmless(left)
    // One warning is one line: nothing in a key begins another.
    const warnings = left.stderr.trimEnd().split('\n')
    expect(warnings).toHaveLength(KEYS.length)
    for (const warning of warnings)
      expect(warning).toMatch(/^warning: left out s3:\/\/flows\/logs\/.*: it is not gzip data/)
    await expectOnly(place, [])
  })

  const WORST = ['escape sequences', 'a C1 sequence', 'newlines', 'bidirectional overrides', 'HTML'] as const
  test.each(WORST)('a failure that names a key with %s is one harmless line', async what => {
    const key = keyOf(HOSTILE[what])
    const { place, options } = await bucketPlace(assignmentFiles([pod('client-1', '10.0.0.1', 'use2-az1')]))
    const args = ['--hour', HOUR_TEXT, ...uris(), '--threads', '1']
    for (const [content, problem] of [
      ['no gzip', 'is not gzip data'],
      [objectOf([], 'a strange\u001b[31m header'), 'has no header line'],
    ] as const) {
      server.put(BUCKET, key, content)
      const failed = await place.run('start', args, options)
      expect(failed).toMatchObject({ status: 1, stdout: '' })
      expectHarmless(failed)
      expect(failed.stderr).toMatch(/^error: s3:[^\n]*\n$/)
      expect(failed.stderr).toContain(problem)
    }
    server.faults = request =>
      request.key === key
        ? { kind: 'error', status: 403, code: 'AccessDenied', message: 'no\n\u001b[31m' }
        : null
    const refused = await place.run('start', args, options)
    expect(refused).toMatchObject({ status: 1, stdout: '' })
    expectHarmless(refused)
    expect(refused.stderr).toMatch(/^error: s3:[^\n]*refused[^\n]*\n$/)
  })

  test('clusters with strange names are none', async () => {
    const lines = [pod('client-1', '10.0.0.1', 'use2-az1')]
    const files = new Map(joined(assignmentFiles(lines), logFiles([[{}, [record()]]])))
    for (const name of ['..', '\u001b[2J', 'a b', "x'", '<b>', 'a\nb', '%2e%2e', '']) {
      files.set(`assignments/cluster=${name}/dt=2024-05-01/hour=10/all.ndjson.gz`, 'nothing')
    }
    const { place, options } = await bucketPlace(files)
    const ended = await place.run('start', ['--hour', HOUR_TEXT, ...uris(), '--json'], options)
    expect(ended, ended.stderr).toMatchObject({ status: 0 })
    expect(JSON.parse(ended.stdout)).toMatchObject({ hours: [{ cluster: 'shop' }] })
    expectHarmless(ended)
  })

  test('a bucket copied to a folder by hand can bring no key out of it', async () => {
    const lines = [pod('client-1', '10.0.0.1', 'use2-az1')]
    const { place, options } = await bucketPlace(joined(assignmentFiles(lines), logFiles([[{}, [record()]]])))
    for (const to of ['../outside', '/../../outside', 'a/../../outside']) {
      const ended = await place.run(
        'start',
        ['--hour', HOUR_TEXT, ...uris(['logs', 'assignments']), '--rollups', `s3://${BUCKET}/${to}`],
        options,
      )
      // In a bucket '..' is a name like any other.
      expect(ended.status, ended.stderr).toBe(0)
      expect(server.keys(BUCKET).filter(key => key.startsWith(`${to}/cluster=shop/`))).toHaveLength(2)
    }
    await expectOnly(place, [])
  })
})

// script(1) gives the command a terminal, and its own standard output what came to it.
async function runOnTerminal(
  place: Place,
  name: 'start' | 'query' | 'report',
  args: readonly string[],
): Promise<Ended> {
  const quoted = place.commandLine(name, args).map(word => `'${word.replaceAll("'", String.raw`'\''`)}'`)
  return await new Promise(resolve => {
    const child = execFile(
      'script',
      ['-qec', quoted.join(' '), '/dev/null'],
      { cwd: place.root, env: place.environment() },
      (_error, stdout, stderr) =>
        resolve({ status: child.exitCode, signal: null, stdout, stderr, millis: 0 }),
    )
  })
}
