import type { EndpointSettings } from '../../../api/wire/docker.ts';
import { parseLink, parsePair } from '../../create/network.ts';
import { integer, list, parsed, text } from '../../flags.ts';
import { verb } from '../../verb.ts';

export default verb({
  usage: '[OPTIONS] NETWORK CONTAINER',
  about: 'Put a container on one more network, while it runs or from its next start on.',
  examples: [
    ['network connect backend site', 'Its other connections stay'],
    ['network connect --ip 10.9.0.80 --alias db backend site', 'With an address and a name there'],
  ],
  flags: {
    alias: list('--alias <name>', 'One more name on this network'),
    driverOpt: parsed('--driver-opt <name=value>', 'Accepted and without effect', parsePair),
    gwPriority: integer('--gw-priority <n>', 'Of its networks the highest gives the default route'),
    ip: text('--ip <address>', 'Its IPv4 address'),
    ip6: text('--ip6 <address>', 'Its IPv6 address'),
    link: list('--link <container[:alias]>', 'Another container under a name of its own', parseLink),
    linkLocalIp: list('--link-local-ip <address>', 'Accepted and without effect'),
    macAddress: text('--mac-address <address>', 'Its MAC address'),
  },
  least: 2,
  most: 2,
  async run(cli, options, [network = '', container = '']) {
    const ipam = {
      ...(options.ip === '' ? {} : { IPv4Address: options.ip }), ...(options.ip6 === '' ? {} : { IPv6Address: options.ip6 }),
      ...(options.linkLocalIp.length === 0 ? {} : { LinkLocalIPs: options.linkLocalIp }),
    };
    const EndpointConfig: EndpointSettings = {
      IPAMConfig: ipam, Links: options.link, Aliases: options.alias,
      DriverOpts: Object.fromEntries(options.driverOpt),
      ...(options.gwPriority === undefined ? {} : { GwPriority: options.gwPriority }),
      ...(options.macAddress === '' ? {} : { MacAddress: options.macAddress }),
    };
    const path = `/networks/${encodeURIComponent(network)}/connect`;
    await cli.client.post(path, {}, { Container: container, EndpointConfig });
    return 0;
  },
});
