import { describe, expect, it } from 'vitest';
import { parseContainerPorts, parsePublish, requestsFromApi, requestsToApi } from '../../../src/model/ports.ts';

const tcp = { protocol: 'tcp', hostIp: '' } as const;

describe('-p', () => {
  it.each([
    ['80', [{ ...tcp, port: 80, first: 0, last: 0 }]],
    ['10080:80', [{ ...tcp, port: 80, first: 10080, last: 10080 }]],
    ['0:80', [{ ...tcp, port: 80, first: 0, last: 0 }]],
    ['53:53/UDP', [{ hostIp: '', protocol: 'udp', port: 53, first: 53, last: 53 }]],
    ['127.0.0.1:8080:80', [{ protocol: 'tcp', hostIp: '127.0.0.1', port: 80, first: 8080, last: 8080 }]],
    ['127.0.0.1::80', [{ protocol: 'tcp', hostIp: '127.0.0.1', port: 80, first: 0, last: 0 }]],
    ['[::1]:8080:80', [{ protocol: 'tcp', hostIp: '::1', port: 80, first: 8080, last: 8080 }]],
    ['[::]::80', [{ protocol: 'tcp', hostIp: '::', port: 80, first: 0, last: 0 }]],
    ['::1:8080:80', [{ protocol: 'tcp', hostIp: '::1', port: 80, first: 8080, last: 8080 }]],
    ['8000-8010:80', [{ ...tcp, port: 80, first: 8000, last: 8010 }]],
    ['8000-8001:80-81', [{ ...tcp, port: 80, first: 8000, last: 8000 }, { ...tcp, port: 81, first: 8001, last: 8001 }]],
    ['80-81', [{ ...tcp, port: 80, first: 0, last: 0 }, { ...tcp, port: 81, first: 0, last: 0 }]],
  ])('%s', (text, requests) => expect(parsePublish(text)).toEqual(requests));

  it.each([
    ['', 'No port specified'], ['80:', 'No port specified'], ['8080:/tcp', 'No port specified'],
    ['x', 'invalid containerPort: x'], ['0', 'invalid containerPort: 0'], ['65536', 'invalid containerPort: 65536'],
    ['x:80', 'invalid hostPort: x'], ['70000:80', 'invalid hostPort: 70000'], ['81-80:80', 'ends before it begins'],
    ['1.2.3:80:80', 'invalid IP address: 1.2.3'], ['[::g]:80:80', 'invalid IP address: ::g'], ['80:80/icmp', 'invalid proto: icmp'],
    ['8000-8002:80-81', 'Invalid ranges specified'], ['80/tcp/udp', 'No port specified'], ['-80:80', 'invalid hostPort'],
  ])('refuses %j: %s', (text, message) => expect(() => parsePublish(text)).toThrow(message));
});

describe('Docker\'s port maps', () => {
  it('come back as they were', () => {
    const map = { '80/tcp': [{ HostIp: '', HostPort: '10080' }, { HostIp: '127.0.0.1', HostPort: '' }], '53/udp': [{ HostIp: '::', HostPort: '5300-5310' }] };
    expect(requestsToApi(requestsFromApi(map))).toEqual(map);
  });

  it('may publish nothing, and may leave out what is usual', () => {
    expect(requestsFromApi({ '80/tcp': null, '81': [{}] })).toEqual([{ ...tcp, port: 81, first: 0, last: 0 }]);
  });

  it.each(['', '/tcp', '80/tcp/x', '80/xyz'])('refuse the port %j', (text) => expect(() => parseContainerPorts(text)).toThrow());
});
