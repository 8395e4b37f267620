/**
 * What no output may hold: the secrets of an environment, and anything that looks like a signature or a token.
 *
 * An access key's id is no secret: AWS logs it itself. What it signs with, session tokens, bearer tokens and signatures
 * of requests and presigned addresses are, also in parts of a text, in base64 and percent-encoded.
 */

const SECRET_NAME = /SECRET|TOKEN|PASSWORD/

const FORMS: readonly (readonly [string, RegExp])[] = [
  [
    'a signature of a presigned address',
    /X-Amz-(?:Signature|Security-Token|Credential)(?:=|%3D)(?!\[hidden\])/i,
  ],
  [
    'a session token',
    /\b(?:x-amz-security-token|aws_session_token)["']?\s*[:=]\s*["']?(?!\[hidden\])[\w+/=]{8}/i,
  ],
  ['a signature of a request', /Signature=[0-9a-f]{16}/],
  ['an EKS token', /k8s-aws-v1\./],
  ['a bearer token', /Bearer\s+[\w.~+/=-]{8}/i],
  ['a private key', /-----BEGIN [A-Z ]*PRIVATE KEY/],
]

/** The values of an environment's secret variables, and `more`. */
export function secretsOf(
  environment: Readonly<Record<string, string | undefined>>,
  more: readonly string[] = [],
): string[] {
  const values = Object.entries(environment).flatMap(([name, value]) =>
    SECRET_NAME.test(name) && value !== undefined ? [value] : [],
  )
  return [...new Set([...values, ...more])].filter(value => value.length >= 6)
}

/** What leaks from a text, as `a bearer token: …the text around it`; with nothing leaking, none. */
export function leaksIn(text: string, secrets: readonly string[]): string[] {
  const leaks: string[] = []
  for (const secret of secrets) {
    for (const form of [secret, encodeURIComponent(secret), Buffer.from(secret).toString('base64')]) {
      const at = text.indexOf(form)
      if (at >= 0) leaks.push(`a secret of the environment: ${around(text, at)}`)
    }
  }
  for (const [what, form] of FORMS) {
    const at = text.search(form)
    if (at >= 0) leaks.push(`${what}: ${around(text, at)}`)
  }
  return leaks
}

function around(text: string, at: number): string {
  return `…${text.slice(Math.max(0, at - 60), at + 20)}…`
}
