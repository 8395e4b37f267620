import { createHash } from 'node:crypto'
import { execFileSync } from 'node:child_process'
import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { bundledSample, DEFAULTS, FORMATS, LAYOUTS, writeSample, type SampleOptions } from '@zonetoll/sample'
import { parseHour } from '@zonetoll/model'
import { withDataSet, withFolder } from './data-sets.ts'
import { filesBelow, linesOf, naiveHour } from './naive-hour.ts'

function digests(folder: string): Map<string, string> {
  return new Map(
    filesBelow(folder).map(file => [
      file,
      createHash('sha256')
        .update(readFileSync(join(folder, file)))
        .digest('hex'),
    ]),
  )
}

function digestsOf(options: Partial<SampleOptions>): Promise<Map<string, string>> {
  return withDataSet({ records: 5000, hours: 2, objects: 30, ...options }, folder => digests(folder))
}

function peakMemory(records: number): number {
  const program = fileURLToPath(new URL('peak-memory.ts', import.meta.url))
  return Number(execFileSync(process.execPath, [program, String(records)], { encoding: 'utf8' }))
}

describe('a data set', () => {
  test('has the same bytes for the same options, in every file', async () => {
    const options = { reuse: 0.3, ipv6: 0.5, seed: 77 }
    const first = await digestsOf(options)
    expect(first.size).toBe(30 + 6 + 1)
    expect(await digestsOf(options)).toEqual(first)
  })

  test('has other bytes for another seed', async () => {
    const [one, other] = await Promise.all([digestsOf({ seed: 1 }), digestsOf({ seed: 2 })])
    const same = new Set(one.values()).intersection(new Set(other.values()))
    expect([...same]).toEqual([])
  })

  test('says no time and no operating system in its gzip headers', async () => {
    await withDataSet({ records: 100 }, folder => {
      for (const file of filesBelow(folder).filter(name => name.endsWith('.gz'))) {
        const header = readFileSync(join(folder, file)).subarray(0, 10)
        expect([...header.subarray(0, 8), header[9]]).toEqual([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 255])
      }
    })
  })

  test('has exactly as many lines, objects and malformed lines as were asked for', async () => {
    for (const [records, objects, hours] of [
      [1, 1, 1],
      [999, 3, 3],
      [5000, 5, 1],
      [5000, 100, 2],
    ] as const) {
      await withDataSet({ records, objects, hours, malformed: 1 }, (folder, { truth }) => {
        const logs = join(folder, 'logs')
        const files = filesBelow(logs)
        expect(files).toHaveLength(objects)
        expect(files.reduce((lines, file) => lines + linesOf(join(logs, file)).length - 1, 0)).toBe(records)
        expect(truth.objects.map(({ key }) => key).sort()).toEqual(files)
      })
    }
  })

  test('begins every object with the header line of its format', async () => {
    for (const fields of [6, 25, 29] as const) {
      await withDataSet({ records: 500, fields }, folder => {
        for (const file of filesBelow(join(folder, 'logs'))) {
          const [header, ...lines] = linesOf(join(folder, 'logs', file))
          expect(header).toBe(FORMATS[fields])
          for (const line of lines) expect(line.split(' ')).toHaveLength(fields)
        }
      })
    }
  })

  test('keys its objects by any of the four layouts', async () => {
    const patterns = {
      plain: /^AWSLogs\/\d{12}\/vpcflowlogs\/us-east-2\/2024\/05\/01\/[^/]+$/,
      hourly: /^AWSLogs\/\d{12}\/vpcflowlogs\/us-east-2\/2024\/05\/01\/\d\d\/[^/]+$/,
      hive: /^AWSLogs\/aws-account-id=\d{12}\/aws-service=vpcflowlogs\/aws-region=us-east-2\/year=2024\/month=05\/day=01\/[^/]+$/,
      'hive-hourly':
        /^AWSLogs\/aws-account-id=\d{12}\/aws-service=vpcflowlogs\/aws-region=us-east-2\/year=2024\/month=05\/day=01\/hour=\d\d\/[^/]+$/,
    }
    const name = /\/\d{12}_vpcflowlogs_us-east-2_fl-[0-9a-f]{17}_20240501T\d{4}Z_[0-9a-f]{8}\.log\.gz$/
    for (const layout of LAYOUTS) {
      await withDataSet({ records: 100, layout }, folder => {
        for (const key of filesBelow(join(folder, 'logs'))) {
          expect(key).toMatch(patterns[layout])
          expect(key).toMatch(name)
        }
      })
    }
  })

  test('has lines in no order, and sends to as many peers as were asked for', async () => {
    await withDataSet({ records: 200_000, peers: 12, unknown: 0, reuse: 0 }, folder => {
      const peers = new Map<string, Set<string>>()
      let descents = 0
      for (const file of filesBelow(join(folder, 'logs'))) {
        let before = ''
        for (const line of linesOf(join(folder, 'logs', file)).slice(1)) {
          const fields = line.split(' ')
          if (fields[10]! < before) descents++
          before = fields[10]!
          if (fields[23] !== 'egress' || fields[13] !== 'OK') continue
          const [source, destination] = [fields[19]!, fields[20]!]
          peers.set(source, (peers.get(source) ?? new Set()).add(destination))
        }
      }
      expect(descents).toBeGreaterThan(50_000)
      const counts = [...peers.values()].map(set => set.size)
      const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length
      expect(mean).toBeGreaterThan(12 * 0.6)
      expect(mean).toBeLessThan(12 * 1.4)
    })
  })

  test('leaves what stands in the folder alone, unless it is a sample and told to replace it', async () => {
    await withFolder(async out => {
      const options = { ...DEFAULTS, records: 100, out }
      await writeSample(options)
      const before = digests(out)
      await expect(writeSample({ ...options, seed: 2 })).rejects.toThrow('say --replace')
      expect(digests(out)).toEqual(before)

      await writeSample({ ...options, seed: 2, replace: true })
      expect(digests(out).size).toBe(before.size)
      expect(digests(out)).not.toEqual(before)
    })
    await withFolder(async out => {
      writeFileSync(join(out, 'logs'), 'mine')
      const options = { ...DEFAULTS, records: 100, out, replace: true }
      await expect(writeSample(options)).rejects.toThrow('name another folder')
      expect(readFileSync(join(out, 'logs'), 'utf8')).toBe('mine')
    })
  })

  test('leaves nothing behind, and what stood, when it is aborted', async () => {
    await withFolder(async out => {
      const options = { ...DEFAULTS, records: 100, out }
      await writeSample(options)
      const before = digests(out)
      const stop = new AbortController()
      const aborted = writeSample({ ...options, records: 1_000_000, replace: true }, stop.signal, {
        report: () => stop.abort(),
      })
      await expect(aborted).rejects.toThrow('abort')
      expect(digests(out)).toEqual(before)
      expect(readdirSync(out).sort()).toEqual(['assignments', 'logs', 'truth.json'])
    })
  })
})

describe('memory', () => {
  test('is about the same for a million records as for a hundred thousand', () => {
    expect(peakMemory(1_000_000) / peakMemory(100_000)).toBeLessThan(1.2)
  })
})

describe('the bundled sample', () => {
  const folder = fileURLToPath(new URL('../bundled', import.meta.url))

  test('is less than a megabyte', () => {
    const sizes = filesBelow(folder).map(file => readFileSync(join(folder, file)).length)
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(1_000_000)
  })

  test('is what the script `bundled` writes, byte for byte', async () => {
    const manifest = new URL('../package.json', import.meta.url)
    const { scripts } = JSON.parse(readFileSync(manifest, 'utf8')) as { scripts: { bundled: string } }
    const [program, main, ...given] = scripts.bundled.split(' ')
    expect([program, main]).toEqual(['node', 'src/main.ts'])
    await withFolder(async out => {
      const args = given.map(argument => (argument === 'bundled' ? out : argument))
      const entry = fileURLToPath(new URL('../src/main.ts', import.meta.url))
      execFileSync(process.execPath, [entry, ...args], { env: {} })
      expect(digests(out)).toEqual(digests(folder))
    })
  })

  test('is where bundledSample says, and has the demo application across zones', () => {
    expect(filesBelow(bundledSample.logs).length).toBeGreaterThan(12)
    expect(filesBelow(bundledSample.assignments).length).toBeGreaterThan(1)
    const { pairs, accounts } = naiveHour(folder, bundledSample.cluster, parseHour(bundledSample.hour)!)
    const client = ['pod', 'default', 'Deployment/client']
    const server = ['pod', 'default', 'Deployment/server']
    expect(pairs.get(JSON.stringify([...client, ...server]))!.records).toBeGreaterThan(10n)
    expect(pairs.get(JSON.stringify([...server, ...client]))!.records).toBeGreaterThan(10n)
    expect(accounts.get('sameZone')!.records).toBeGreaterThan(100n)
  })
})
