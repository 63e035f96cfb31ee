/** The nodes that may come in with the shared cookie alone: probes that cannot sign. */
import { type NodeName, nodeNameProblem } from '@barrel-actors/runtime'
import { quicError } from '../errors.ts'
import { limits } from '../limits.ts'

/** What cookieOnlyNodes and cookie come to. */
export interface CookieOnly {
  /** The secret itself. */
  readonly cookie: Uint8Array
  /** Whether a probe may have that name. */
  allows(node: NodeName): boolean
}

const cookieBytesMin = 16

/** Cookies out of manuals and of other systems, in lower case. Shorter ones are refused for their length. */
const wellKnown = new Set([
  'barrel_p2p_cookie',
  'barrel_p2p_default_cookie',
  'barrel-actors-cookie',
  'barrel_actors_cookie',
  'changemechangeme',
  'change-me-change-me',
  'change_me_change_me',
  'replace-with-a-secret',
  'secretcookiesecretcookie',
  'thisisasecretcookie',
  '0123456789abcdef',
  '1234567890123456',
])

/**
 * The cookie as bytes, and the names it is for; undefined without a cookie.
 * @throws E_COOKIE_UNFIT, E_QUIC_OPTION_INVALID
 */
export function readCookieOnly(cookie: unknown, patterns: unknown): CookieOnly | undefined {
  const allows = readPatterns(patterns)
  if (cookie === undefined) {
    if (allows.length === 0) return undefined
    throw quicError('E_COOKIE_UNFIT', { problem: 'cookieOnlyNodes is set and no cookie is' })
  }
  const problem = cookieProblem(cookie)
  if (problem !== undefined) throw quicError('E_COOKIE_UNFIT', { problem })
  return { cookie: Buffer.from(cookie as string), allows: node => allows.some(matches => matches(node)) }
}

function cookieProblem(cookie: unknown): string | undefined {
  if (typeof cookie !== 'string') return 'it is not a text'
  const bytes = Buffer.from(cookie)
  if (bytes.length < cookieBytesMin) return `it has ${bytes.length} bytes, fewer than ${cookieBytesMin}`
  if (wellKnown.has(cookie.toLowerCase())) return 'it is a well-known one'
  return new Set(bytes).size < 4 ? 'it has fewer than four different characters' : undefined
}

function readPatterns(patterns: unknown): ((node: NodeName) => boolean)[] {
  const isList = Array.isArray(patterns) && patterns.length <= limits.cookieOnlyPatternsMax
  if (!isList) throw invalid(`it is a list of at most ${limits.cookieOnlyPatternsMax} patterns`)
  return patterns.map(readPattern)
}

function readPattern(pattern: unknown): (node: NodeName) => boolean {
  const [name, host, ...more] = typeof pattern === 'string' ? pattern.split('@') : []
  // A star for a part stands for any part, so what is left must be a node name.
  const example = [name, host].map(part => (part === '*' ? 'x' : part)).join('@')
  if (name === undefined || host === undefined || more.length > 0 || nodeNameProblem(example) !== undefined) {
    throw invalid('each pattern is name@host, where a * may stand for the whole name and for the whole host')
  }
  return node => {
    const at = node.indexOf('@')
    return isPart(name, node.slice(0, at)) && isPart(host, node.slice(at + 1))
  }
}

function isPart(pattern: string, part: string): boolean {
  return pattern === '*' || pattern === part
}

function invalid(rule: string): Error {
  return quicError('E_QUIC_OPTION_INVALID', { option: 'cookieOnlyNodes', rule })
}
