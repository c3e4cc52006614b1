import { expect, test } from 'vitest';
import { applyChanges } from '../../../src/image/changes.ts';

test('instructions become settings', () => {
  const config = applyChanges({ Env: ['A=1', 'B=2'] }, [
    'CMD ["httpd", "-f"]', 'entrypoint /bin/run it', 'ENV A=x C="two words" D=a\\ b', 'ENV OLD form of it', 'EXPOSE 80 53/udp',
    'VOLUME /data /more', 'VOLUME ["/a b"]', 'USER app', 'WORKDIR /srv', 'WORKDIR sub', "LABEL a='b c' d=e", 'STOPSIGNAL SIGQUIT',
    'ONBUILD RUN make',
  ]);
  expect(config).toEqual({
    Cmd: ['httpd', '-f'], Entrypoint: ['/bin/sh', '-c', '/bin/run it'],
    Env: ['A=x', 'B=2', 'C=two words', 'D=a b', 'OLD=form of it'],
    ExposedPorts: { '80/tcp': {}, '53/udp': {} }, Volumes: { '/data': {}, '/more': {}, '/a b': {} }, User: 'app',
    WorkingDir: '/srv/sub', Labels: { a: 'b c', d: 'e' }, StopSignal: 'SIGQUIT', OnBuild: ['RUN make'],
  });
});

test.each([
  ['RUN make', 'run is not a valid change command'], ['CMD', 'requires an argument'], ['', 'requires an argument'],
  ['EXPOSE http', "isn't a port"], ['ENV A', 'a value is missing'], ['SHELL sh', 'JSON list'], ['ENV =x', 'names must not be blank'],
])('the change %j is refused: %s', (change, why) => {
  expect(() => applyChanges({}, [change])).toThrow(why);
});

test('HEALTHCHECK takes a command in either form with its times, or NONE', () => {
  expect(applyChanges({}, ['HEALTHCHECK --interval=1m30s --retries=2 CMD curl -f x']).Healthcheck).toEqual({
    Test: ['CMD-SHELL', 'curl -f x'], Interval: 90e9, Retries: 2,
  });
  expect(applyChanges({}, ['HEALTHCHECK CMD ["true"]']).Healthcheck).toEqual({ Test: ['CMD', 'true'] });
  expect(applyChanges({}, ['healthcheck none']).Healthcheck).toEqual({ Test: ['NONE'] });
  expect(() => applyChanges({}, ['HEALTHCHECK --every=1s CMD x'])).toThrow("isn't an option");
  expect(() => applyChanges({}, ['HEALTHCHECK --interval=soon CMD x'])).toThrow("isn't a duration");
});
