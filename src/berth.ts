/**
 * The `berth` executable: one program, three ways to run. The CLI knows the engine only by its socket; `daemon` and
 * `proxy` are handed to it here, and load only when they are asked for.
 */
import { enableCompileCache } from 'node:module';

// Bytecode of earlier runs: a command costs its work, not its parsing.
enableCompileCache();

const { main } = await import('./cli/main.ts');
process.exitCode = await main(process.argv.slice(2), {
  daemon: async (argv) => (await import('./daemon.ts')).runDaemon(argv),
  proxy: async (argv) => (await import('./network/proxy.ts')).proxyMain(argv),
});
