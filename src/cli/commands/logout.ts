import { forgetLogin, keyOf } from '../registry/config.ts';
import { registryOf } from '../registry/server.ts';
import { verb } from '../verb.ts';

export default verb({
  usage: '[SERVER]',
  about: 'Forget the login to a registry.',
  examples: [['logout registry.lan:5000', '']],
  flags: {},
  most: 1,
  async run(cli, _options, [server = '']) {
    const registry = registryOf(server);
    const had = await forgetLogin(registry, process.env);
    cli.line(had ? `Removing login credentials for ${keyOf(registry)}` : `Not logged in to ${keyOf(registry)}`);
    return 0;
  },
});
