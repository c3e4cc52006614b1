import { describe, expect, it } from 'vitest';
import { isStub, outsideServers, resolvFile, setsNdots } from '../../../../src/network/dns/resolv-conf.ts';

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
  it('of a container with a name server of its own names that one, and the host\'s search list', () => {
    expect(resolvFile({ host: 'nameserver 198.51.100.53\nsearch a b\noptions edns0\n', dns: ['198.51.100.1'], embedded: true }))
      .toBe('nameserver 127.0.0.11\nsearch a b\noptions edns0 ndots:0\n');
    expect(resolvFile({ host: '', options: ['ndots:2'], embedded: true })).toBe('nameserver 127.0.0.11\noptions ndots:2\n');
  });
  it('says whom such a name server asks, those on the host\'s loopback too', () => {
    expect(outsideServers({ host: 'nameserver 127.0.0.53\nnameserver 198.51.100.53\n' })).toEqual(['127.0.0.53', '198.51.100.53']);
    expect(outsideServers({ host: 'nameserver 127.0.0.53\n', dns: ['198.51.100.1'] })).toEqual(['198.51.100.1']);
    expect(outsideServers({ host: '' })).toEqual(['8.8.8.8', '8.8.4.4']);
  });
  it('of a host with systemd\'s resolver stands elsewhere', () => {
    expect(isStub('nameserver 127.0.0.53\noptions edns0\n')).toBe(true);
    expect(isStub('nameserver 127.0.0.53\nnameserver 198.51.100.53\n')).toBe(false);
    expect(isStub('')).toBe(false);
  });
  it('keeps plain names inside only where the user asks for dots', () => {
    expect([['ndots:2'], ['ndots:0'], ['edns0'], []].map(setsNdots)).toEqual([true, false, false, false]);
  });
});
