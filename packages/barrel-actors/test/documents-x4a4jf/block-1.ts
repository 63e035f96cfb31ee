import { dns, sharedDirectory, startNode, staticTable } from 'barrel-actors'

export const node = await startNode({
  name: 'a@10.0.0.1',
  membership: {
    discovery: [
      staticTable(['seed@10.0.0.1:9101']),
      sharedDirectory({ folder: '/var/lib/my-app/nodes' }),
      dns({ service: '_barrel._udp.my-app.example.com' }),
    ],
  },
})
