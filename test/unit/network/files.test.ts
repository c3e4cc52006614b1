import { describe, expect, it } from 'vitest';
import { hostnameFile, hostsFile, parseExtraHost } from '../../../src/network/files.ts';

describe('/etc/hosts', () => {
  it('knows localhost, what was added, and the container itself', () => {
    expect(hostsFile({
      hostname: 'web', domainname: 'example.org', addresses: ['172.30.0.2'], extraHosts: ['db:10.0.0.1', 'gw=host-gateway'], hostGateway: '172.30.0.1',
    })).toBe([
      '127.0.0.1\tlocalhost', '::1\tlocalhost ip6-localhost ip6-loopback', 'fe00::0\tip6-localnet', 'ff00::0\tip6-mcastprefix',
      'ff02::1\tip6-allnodes', 'ff02::2\tip6-allrouters', '10.0.0.1\tdb', '172.30.0.1\tgw', '172.30.0.2\tweb.example.org web', '',
    ].join('\n'));
  });
  it('names no address of its own without a network', () => expect(hostsFile({ hostname: 'web' })).not.toContain('web'));
  it.each([['a:1.2.3.4', ['a', '1.2.3.4']], ['a:::1', ['a', '::1']], ['a=[::1]', ['a', '::1']], ['a:host-gateway', ['a', 'host-gateway']]])(
    'reads %s', (entry, pair) => expect(parseExtraHost(entry)).toEqual(pair));
  it.each(['', 'a', 'a:', ':1.2.3.4', 'a:b', 'a b:1.2.3.4', 'a:1.2.3.4\nx'])('refuses %j', (entry) =>
    expect(() => parseExtraHost(entry)).toThrow('invalid --add-host'));
});

describe('/etc/hostname', () => {
  it('is the name and a newline', () => expect(hostnameFile('web')).toBe('web\n'));
});
