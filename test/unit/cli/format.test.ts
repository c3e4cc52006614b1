import { expect, test } from 'vitest';
import { ellipsis, formatListing, formatObject } from '../../../src/cli/format.ts';
import type { Listing } from '../../../src/cli/format.ts';
import { displayPorts } from '../../../src/cli/ports.ts';
import { layOut } from '../../../src/cli/table.ts';

const listing: Listing = {
  table: '{{.ID}}\t{{.Ports}}\t{{.Names}}',
  headings: { ID: 'CONTAINER ID', Ports: 'PORTS', Names: 'NAMES' },
  rows: [
    { ID: '0123456789ab', Ports: '', Names: 'site', Label: (name) => (name === 'a' ? '1' : '') },
    { ID: 'ba9876543210', Ports: '0.0.0.0:80->80/tcp', Names: 'zweite-größere' },
  ],
};

test('a table has headings, columns of their widest cell and three spaces, and no space at the end', () => {
  expect(formatListing('', listing)).toBe([
    'CONTAINER ID   PORTS                NAMES',
    '0123456789ab                        site',
    'ba9876543210   0.0.0.0:80->80/tcp   zweite-größere',
    '',
  ].join('\n'));
});

test('columns are at least ten wide, characters counted, not bytes', () => {
  expect(layOut(['A\tB\tC', 'x…\tééé\tz'])).toBe('A         B         C\nx…        ééé       z\n');
});

test('a column ends where rows without it stand between', () => {
  expect(layOut(['long first cell\tx', 'no tab here', 'b\ty'])).toBe('long first cell   x\nno tab here\nb         y\n');
});

test('table … takes columns of one’s own, with headings, and \\t as shells hand it over', () => {
  expect(formatListing('table {{.Names}}\\t{{.ID}}', listing)).toBe([
    'NAMES            CONTAINER ID',
    'site             0123456789ab',
    'zweite-größere   ba9876543210',
    '',
  ].join('\n'));
});

test('a template without table prints a line for each row', () => {
  expect(formatListing('{{.Names}}:{{.Label "a"}}', { ...listing, rows: listing.rows.slice(0, 1) })).toBe('site:1\n');
  expect(formatListing('{{.Names}}', { ...listing, rows: [] })).toBe('');
});

test('json prints an object for each row, without methods', () => {
  expect(formatListing('json', listing).split('\n')[0]).toBe('{"ID":"0123456789ab","Ports":"","Names":"site"}');
  expect(formatListing('{{json .}}', listing)).toBe(formatListing('json', listing));
});

test('an object is shown by a template or as one line of JSON', () => {
  expect(formatObject('{{.a}}', { a: 1 })).toBe('1\n');
  expect(formatObject('json', { a: 1 })).toBe('{"a":1}\n');
});

test('an ellipsis takes the place of the last character that fits', () => {
  expect(ellipsis('sh -c "sleep 1000000"', 20)).toBe('sh -c "sleep 100000…');
  expect(ellipsis('exactly twenty chars', 20)).toBe('exactly twenty chars');
});

const tcp = (PrivatePort: number, PublicPort = 0, IP = '') =>
  ({ PrivatePort, Type: 'tcp' as const, ...(PublicPort === 0 ? {} : { PublicPort, IP }) });

test('ports are shown as Docker shows them, neighbours together', () => {
  expect(displayPorts([])).toBe('');
  const [four, six] = [tcp(80, 10080, '0.0.0.0'), tcp(80, 10080, '::')];
  expect(displayPorts([six, four])).toBe('0.0.0.0:10080->80/tcp, [::]:10080->80/tcp');
  expect(displayPorts([tcp(80), tcp(81), tcp(443)])).toBe('80-81/tcp, 443/tcp');
  const same = [tcp(70), tcp(9000, 9000, '0.0.0.0'), tcp(9001, 9001, '0.0.0.0')];
  expect(displayPorts(same)).toBe('0.0.0.0:9000-9001->9000-9001/tcp, 70/tcp');
  expect(displayPorts([{ PrivatePort: 53, Type: 'udp' }, tcp(53)])).toBe('53/tcp, 53/udp');
});
