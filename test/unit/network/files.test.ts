import { describe, expect, it } from 'vitest';
import { hostnameFile, hostsFile, parseExtraHost, resolvFile } from '../../../src/network/files.ts';

describe('/etc/hosts', () => {
  it('knows localhost, what was added, and the container itself', () => {
    expect(hostsFile({
      hostname: 'web', domainname: 'example.org', address: '172.30.0.2', extraHosts: ['db:10.0.0.1', 'gw=host-gateway'], hostGateway: '172.30.0.1',
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

describe('/etc/resolv.conf', () => {
  it('is the host\'s, without resolvers on its loopback', () => {
    expect(resolvFile({ host: '# x\nnameserver 127.0.0.53\nnameserver 198.51.100.53 # y\nnameserver fe80::1%eth0\nsearch a b\noptions edns0 trust-ad\n' }))
      .toBe('nameserver 198.51.100.53\nsearch a b\noptions edns0 trust-ad\n');
  });
  it('falls back where none is left, except on the host\'s own network', () => {
    expect(resolvFile({ host: 'nameserver 127.0.0.1\n' })).toBe('nameserver 8.8.8.8\nnameserver 8.8.4.4\n');
    expect(resolvFile({ host: 'nameserver 127.0.0.1\n', hostNetwork: true })).toBe('nameserver 127.0.0.1\n');
    expect(resolvFile({ host: '', hostNetwork: true })).toBe('');
  });
  it('is what the user says', () => {
    expect(resolvFile({ host: 'nameserver 198.51.100.53\nsearch a\noptions x\n', dns: ['127.0.0.1'], search: ['.'], options: ['ndots:2'] }))
      .toBe('nameserver 127.0.0.1\noptions ndots:2\n');
    expect(() => resolvFile({ host: '', dns: ['x'] })).toThrow('invalid --dns x');
  });
});

describe('/etc/hostname', () => {
  it('is the name and a newline', () => expect(hostnameFile('web')).toBe('web\n'));
});
