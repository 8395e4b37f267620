// Debian's chromium, driven over its own protocol: what a reader's browser makes of a page.
//
// .ci/install-chromium puts it on a Debian machine. Where it is missing, tests that need it are skipped, and a line says
// so; with CI set they run at any rate, and fail.

import { accessSync, constants } from 'node:fs'
import { chromium, type Browser } from 'playwright-core'

const PATH = '/usr/bin/chromium'

// No sandbox: CI is root in a container. Nothing but the pages of the tests is opened.
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** Whether the machine has chromium. */
export function chromiumInstalled(): boolean {
  try {
    accessSync(PATH, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Whether tests that need chromium run: they don't where it is missing, which is said, unless CI is set. */
export function chromiumWanted(): boolean {
  if (process.env['CI'] || chromiumInstalled()) return true
  process.stderr.write('skipped: chromium is not installed (.ci/install-chromium installs it)\n')
  return false
}

export async function openChromium(): Promise<Browser> {
  return await chromium.launch({ executablePath: PATH, args: ARGUMENTS, headless: true })
}
