/** What the two OS processes of the tls and tcp peers tell each other before they begin. */

export interface SocketsReady {
  readonly port: number
  /** Undefined where the connection is not encrypted. */
  readonly certificatePem: string | undefined
}

export const certificateName = 'localhost'
