/** What the two OS processes of the peers over QUIC tell each other before they begin. */

export interface QuicPeerReady {
  readonly port: number
}
