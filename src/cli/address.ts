/** Where the engine listens: `unix:///path` or `tcp://host:port`. */
import { UsageError } from './errors.ts';

export type EngineAddress =
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number };

export const defaultSocket = '/run/berth/berth.sock';

export function parseEngineAddress(text: string): EngineAddress {
  const bad = (): UsageError =>
    new UsageError(`invalid host "${text}": expected unix:///path/to/socket or tcp://address:port`);
  if (text.startsWith('unix://')) {
    const path = text.slice('unix://'.length);
    if (!path.startsWith('/')) throw bad();
    return { kind: 'unix', path };
  }
  const tcp = /^tcp:\/\/(?:\[([0-9a-fA-F:.]+)\]|([^:/[\]]+)):(\d{1,5})\/?$/.exec(text);
  const port = Number(tcp?.[3]);
  if (tcp === null || port < 1 || port > 65535) throw bad();
  return { kind: 'tcp', host: tcp[1] ?? tcp[2] ?? '', port };
}

export function formatEngineAddress(address: EngineAddress): string {
  if (address.kind === 'unix') return `unix://${address.path}`;
  return `tcp://${address.host.includes(':') ? `[${address.host}]` : address.host}:${address.port}`;
}
