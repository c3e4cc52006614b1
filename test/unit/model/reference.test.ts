import { expect, test } from 'vitest';
import { canonicalName, familiarName, parseReference, withDefaultTag } from '../../../src/model/reference.ts';

const digest = `sha256:${'a'.repeat(64)}`;

test.each([
  ['web', 'docker.io/library/web:latest', 'web:latest'],
  ['web:1.0', 'docker.io/library/web:1.0', 'web:1.0'],
  ['team/web', 'docker.io/team/web:latest', 'team/web:latest'],
  ['docker.io/web', 'docker.io/library/web:latest', 'web:latest'],
  ['index.docker.io/library/web', 'docker.io/library/web:latest', 'web:latest'],
  ['localhost/web', 'localhost/web:latest', 'localhost/web:latest'],
  ['localhost:5000/a/b:t', 'localhost:5000/a/b:t', 'localhost:5000/a/b:t'],
  ['[::1]:5000/a', '[::1]:5000/a:latest', '[::1]:5000/a:latest'],
  ['quay.io/a/b/c', 'quay.io/a/b/c:latest', 'quay.io/a/b/c:latest'],
  ['MYHOST/a', 'MYHOST/a:latest', 'MYHOST/a:latest'],
  [`web@${digest}`, `docker.io/library/web@${digest}`, `web@${digest}`],
  [`web:1@${digest}`, `docker.io/library/web:1@${digest}`, `web:1@${digest}`],
  ['a__b/c-d--e.f', 'docker.io/a__b/c-d--e.f:latest', 'a__b/c-d--e.f:latest'],
])('%s is kept as %s and shown as %s', (text, canonical, familiar) => {
  const reference = withDefaultTag(parseReference(text));
  expect(canonicalName(reference)).toBe(canonical);
  expect(familiarName(reference)).toBe(familiar);
  expect(parseReference(familiar)).toEqual(reference);
});

test.each([
  ['', 'invalid reference format'],
  ['Web', 'must be lowercase'],
  ['web:', 'invalid reference format'],
  ['web:-x', 'invalid reference format'],
  [`web:${'t'.repeat(129)}`, 'invalid reference format'],
  ['a//b', 'invalid reference format'],
  ['-web', 'invalid reference format'],
  ['we b', 'invalid reference format'],
  ['../web', 'invalid reference format'],
  ['web@sha256:../x', 'digest'],
  ['web@sha256:abc', 'digest'],
  ['a'.repeat(64), '64-byte hexadecimal'],
  [`${'a'.repeat(250)}/b`, 'invalid reference format'],
])('%j is refused: %s', (text, why) => {
  expect(() => parseReference(text)).toThrow(why);
});
