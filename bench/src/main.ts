// pnpm bench: seeded data, everyone by turns on the same objects, every answer checked.

import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { layOut, runCommand } from '@zonetoll/command'
import { canonicalJson, formatCount } from '@zonetoll/model'
import { contest } from './contest.ts'
import { CONTESTANTS } from './contestants.ts'
import { dataSet, readAhead, type DataSet, type DataSetOptions } from './data-set.ts'
import { thisMachine } from './machine.ts'
import { BENCH, readOptions, type BenchOptions } from './options.ts'
import { resultJson, writeRecord } from './record.ts'
import { machineText, scenarioResult, scenarioText, type ScenarioResult } from './report.ts'
import { measureScaling, TIMES, type ScalingResult } from './scaling.ts'
import { SCENARIOS, smaller, type Scenario } from './scenarios.ts'
import { measureStages } from './stages.ts'

const RECORDS = fileURLToPath(new URL('../record/', import.meta.url))
/** With --scaling: the smaller data set has this share of the records. */
const SCALING_SHARE = 5

await runCommand(BENCH, async (command, { signal }) => {
  const options = readOptions(command.opts())
  if (options.list) process.stdout.write(listText())
  else if (options.once) await checkAnswers(options, signal)
  else await measure(options, signal)
})

function listText(): string {
  return `${layOut(
    SCENARIOS.map(({ name, what }) => [name, what]),
    { left: 2 },
  ).join('\n')}\n`
}

// No figures are taken, so scenarios may run beside each other.
async function checkAnswers(options: BenchOptions, signal: AbortSignal): Promise<void> {
  const left = [...options.scenarios]
  const checked: Record<string, number | null> = {}
  const stop = new AbortController()
  const either = AbortSignal.any([signal, stop.signal])
  const check = async () => {
    for (let scenario = left.shift(); scenario !== undefined; scenario = left.shift()) {
      either.throwIfAborted()
      const data = await dataSet(smaller(scenario), dataOptions(options, options.records, either))
      const { rows } = await contest(CONTESTANTS, data, data, { rounds: 1, signal: either, onTurn() {} })
      checked[scenario.name] = rows
      if (!options.json) process.stdout.write(`${scenario.name}: ${rows} rows, all answers right\n`)
    }
  }
  const checks = Array.from({ length: availableParallelism() }, () =>
    check().catch((error: unknown) => {
      stop.abort(error)
      throw error
    }),
  )
  await Promise.allSettled(checks)
  stop.signal.throwIfAborted()
  await Promise.all(checks)
  if (options.json) process.stdout.write(`${canonicalJson({ rows: checked })}\n`)
}

async function measure(options: BenchOptions, signal: AbortSignal): Promise<void> {
  const { rounds, seed } = options
  const machine = thisMachine()
  const scenarios: ScenarioResult[] = []
  if (!options.json) process.stdout.write(`${machineText(machine)}\n\n`)
  for (const scenario of options.scenarios) {
    const result = await measureScenario(scenario, options, signal)
    scenarios.push(result)
    if (!options.json) process.stdout.write(`${scenarioText(result, rounds)}\n`)
  }
  const result = { machine, rounds, seed, scenarios }
  if (options.record) {
    const record = await writeRecord(RECORDS, result, new Date())
    if (!options.json) process.stdout.write(`Recorded in ${record}\n`)
  }
  if (options.json) process.stdout.write(`${JSON.stringify(resultJson(result))}\n`)
}

async function measureScenario(
  scenario: Scenario,
  options: BenchOptions,
  signal: AbortSignal,
): Promise<ScenarioResult> {
  const data = await dataSet(scenario, dataOptions(options, options.records, signal))
  await readAhead(data.objects)
  const held = await contest(CONTESTANTS, data, data, turns(data, options, signal))
  say(options, `${scenario.name}: stages`)
  const stages = await measureStages(data, signal)
  const scaling = options.scaling ? await scalingOf(scenario, options, signal) : null
  return scenarioResult(data, { contest: held, stages, scaling })
}

async function scalingOf(
  scenario: Scenario,
  options: BenchOptions,
  signal: AbortSignal,
): Promise<ScalingResult> {
  const records = Math.ceil(options.records / SCALING_SHARE)
  const small = await dataSet(scenario, dataOptions(options, records, signal))
  const large = await dataSet(scenario, dataOptions(options, records * TIMES, signal))
  for (const { objects } of [small, large]) await readAhead(objects)
  return measureScaling(small, large, turns(small, options, signal))
}

function turns({ scenario: { name }, records }: DataSet, options: BenchOptions, signal: AbortSignal) {
  const { rounds } = options
  const what = `${name}, ${formatCount(records)} records`
  const onTurn = (who: string, round: number) => say(options, `${what}: round ${round} of ${rounds}, ${who}`)
  return { rounds, signal, onTurn }
}

function dataOptions(options: BenchOptions, records: number, signal: AbortSignal): DataSetOptions {
  const { data, seed } = options
  return { data, records, seed, signal, onMake: name => say(options, `making ${name}`) }
}

function say({ quiet }: BenchOptions, what: string): void {
  if (!quiet) process.stderr.write(`${what}\n`)
}
