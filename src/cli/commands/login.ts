import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import type { Cli } from '../context.ts';
import { ExitError } from '../errors.ts';
import { maybeText, toggle } from '../flags.ts';
import { keepLogin, keyOf, loginFor, type Login } from '../registry/config.ts';
import { registryOf } from '../registry/server.ts';
import { verb } from '../verb.ts';

export default verb({
  usage: '[OPTIONS] [SERVER]',
  about: 'Log in to a registry. The login is kept where Docker keeps its own.',
  examples: [
    ['login registry.lan:5000', 'Asks for name and password'],
    ['login -u captain --password-stdin registry.lan:5000 < secret', 'For scripts'],
  ],
  flags: {
    username: maybeText('-u, --username <name>', 'User name'),
    password: maybeText('-p, --password <password>', 'Password, or access token; others may see it here'),
    passwordStdin: toggle('--password-stdin', 'Read the password from stdin'),
  },
  most: 1,
  async run(cli, { username, password, passwordStdin }, [server = '']) {
    if (passwordStdin && password !== undefined) throw new ExitError('--password and --password-stdin are mutually exclusive', 1);
    if (passwordStdin && !username) throw new ExitError('Must provide --username with --password-stdin', 1);
    const registry = registryOf(server);
    if (password !== undefined) cli.warn('WARNING! Using --password via the CLI is insecure. Use --password-stdin.');
    const kept = username === undefined && password === undefined ? await loginFor(registry, process.env) : undefined;
    if (kept) {
      cli.line('Authenticating with existing credentials...');
      const refused = await check(cli, registry, kept).catch((error: unknown) => error as Error);
      if (!(refused instanceof Error)) return succeeded(cli);
      if (!cli.stdin.isTTY) throw refused;
      cli.warn(`Login did not succeed, error: ${refused.message}`);
    }
    const given = await ask(cli, username, passwordStdin ? await readAll(cli.stdin) : password);
    const token = await check(cli, registry, given);
    const login: Login = token ? { username: given.username ?? '', identityToken: token } : given;
    const file = await keepLogin(registry, login, process.env);
    if (file !== undefined) {
      cli.warn(`\nWARNING! Your credentials are stored unencrypted in '${file}'.`);
      cli.warn('A credential helper (docker-credential-*, named as credsStore there) keeps them elsewhere.\n');
    }
    return succeeded(cli);
  },
});

function succeeded(cli: Cli): number {
  cli.line('Login Succeeded');
  return 0;
}

/** Asks the engine whether a registry takes the login; resolves with the identity token that it gave, if any. */
async function check(cli: Cli, registry: string, login: Login): Promise<string | undefined> {
  const { IdentityToken } = await cli.client.post<{ IdentityToken?: string }>('/auth', {}, {
    username: login.username, password: login.password, identitytoken: login.identityToken, serveraddress: keyOf(registry),
  });
  return IdentityToken || undefined;
}

async function ask(cli: Cli, username: string | undefined, password: string | undefined): Promise<Login> {
  if ((username === undefined || password === undefined) && !cli.stdin.isTTY) {
    throw new ExitError('Cannot perform an interactive login from a non TTY device: use -u with --password-stdin', 1);
  }
  const name = username ?? (await prompt(cli, 'Username: ', false));
  if (name === '') throw new ExitError('username is required', 1);
  const word = password ?? (await prompt(cli, 'Password: ', true));
  if (word === '') throw new ExitError('password is required', 1);
  return { username: name, password: word };
}

async function prompt(cli: Cli, question: string, hidden: boolean): Promise<string> {
  cli.stderr.write(question);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: cli.stdin, output: hidden ? silent : cli.stderr, terminal: true });
  lines.on('SIGINT', () => process.exit(130));
  try {
    return (await lines.question('')).trim();
  } finally {
    lines.close();
    if (hidden) cli.stderr.write('\n');
  }
}

/** Without the newline that `echo` puts at the end. */
async function readAll(stream: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of stream) parts.push(part);
  const text = Buffer.concat(parts).toString('utf8').replace(/\r?\n$/, '');
  if (text === '') throw new ExitError('password is empty', 1);
  return text;
}
