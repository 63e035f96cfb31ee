/** The code that a peer gave a stream up with, as the library writes it into its errors: `StreamReset(256)`. */
export function codeIn(problem: string): number | undefined {
  const digits = /\((\d{1,15})\)/.exec(problem)?.[1]
  return digits === undefined ? undefined : Number(digits)
}
