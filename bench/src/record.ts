// A dated record of what was measured: text for readers, JSON for programs, side by side in bench/record.
//
//   2026-11-22.md, 2026-11-22.json; the second of a day is 2026-11-22-2

import { access, mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { barsOf } from './bars.ts'
import { machineText, measuredOf, scenarioText, type BenchResult } from './report.ts'

/** Writes both files, each whole or not at all; says where the text is. */
export async function writeRecord(folder: string, result: BenchResult, now: Date): Promise<string> {
  await mkdir(folder, { recursive: true })
  const date = now.toISOString().slice(0, 10)
  const name = await freeName(folder, date)
  await writeWhole(join(folder, `${name}.json`), `${JSON.stringify(resultJson(result), null, 2)}\n`)
  const text = join(folder, `${name}.md`)
  await writeWhole(text, recordText(result, date))
  return text
}

/** The result with the bars of each scenario. */
export function resultJson(result: BenchResult) {
  const scenarios = result.scenarios.map(scenario => ({ ...scenario, bars: barsOf(measuredOf(scenario)) }))
  return { version: 1, ...result, scenarios }
}

export function recordText({ machine, rounds, seed, scenarios }: BenchResult, date: string): string {
  return [
    `# Benchmark of ${date}`,
    '',
    `${machineText(machine)}; ${rounds} rounds; seed ${seed}.`,
    'Ratios travel; absolute figures are those of this machine.',
    ...scenarios.flatMap(scenario => [
      '',
      `## ${scenario.name}`,
      '',
      '```text',
      scenarioText(scenario, rounds).trimEnd(),
      '```',
    ]),
    '',
  ].join('\n')
}

async function freeName(folder: string, date: string): Promise<string> {
  for (let number = 1; ; number++) {
    const name = number === 1 ? date : `${date}-${number}`
    try {
      await access(join(folder, `${name}.md`))
    } catch {
      return name
    }
  }
}

async function writeWhole(path: string, text: string): Promise<void> {
  await writeFile(`${path}.unfinished`, text)
  await rename(`${path}.unfinished`, path)
}
