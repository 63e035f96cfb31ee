/** What a log line carries besides its event: plain values, printed by whoever writes the line. */
export type LogFields = Readonly<Record<string, unknown>>

/**
 * Where a node says what it does. An event is a short constant text; everything that varies is a field. A line
 * whose log throws is lost. The shape fits the loggers people use: `{ info: (event, fields) => pino.info(fields, event) }`.
 */
export interface Log {
  debug(event: string, fields?: LogFields): void
  info(event: string, fields?: LogFields): void
  warn(event: string, fields?: LogFields): void
  error(event: string, fields?: LogFields): void
}

/** Says nothing: the default. */
export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} }

/** The same log, which cannot disturb who writes to it: a line whose log throws is lost. */
export function undisturbing(log: Log): Log {
  if (log === silentLog) return log
  const level = (name: keyof Log) => (event: string, fields?: LogFields) => {
    try {
      log[name](event, fields)
    } catch {
      // There is nobody left to tell.
    }
  }
  return { debug: level('debug'), info: level('info'), warn: level('warn'), error: level('error') }
}
