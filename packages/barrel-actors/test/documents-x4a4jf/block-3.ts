import type { DiscoveryFactory } from 'barrel-actors'

export const httpStore = (url: string): DiscoveryFactory => () => ({
  name: 'http store',
  resolve: async node => {
    const answer = await fetch(`${url}/${node}`)
    return answer.ok ? ((await answer.json()) as { host: string; port: number }[]) : undefined
  },
  register: async (node, endpoints) =>
    void (await fetch(`${url}/${node}`, { method: 'PUT', body: JSON.stringify(endpoints) })),
  unregister: async node => void (await fetch(`${url}/${node}`, { method: 'DELETE' })),
})
