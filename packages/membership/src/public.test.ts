import { expect, test } from 'vitest'

test('the package exports these names', async () => {
  expect(Object.keys(await import('@barrel-actors/membership')).sort()).toMatchInlineSnapshot(`
    [
      "Membership",
      "Overlay",
      "addressResolver",
      "detectorDefaults",
      "discoveryChain",
      "discoveryChainDefaults",
      "dns",
      "dnsDefaults",
      "dnsServers",
      "endpointsByName",
      "hyparviewDefaults",
      "limits",
      "membership",
      "membershipDefaults",
      "plumtreeDefaults",
      "profiles",
      "sharedDirectory",
      "sharedDirectoryDefaults",
      "staticTable",
      "systemDns",
    ]
  `)
})
